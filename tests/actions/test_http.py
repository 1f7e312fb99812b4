"""Web addresses with headers, JSON, and times, against a real server, by each tool that can fetch a page."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host, Json
from tests.actions.acting import Ask
from tests.actions.far_end import far_end_of
from tests.actions.test_checks import TOOLS

pytestmark = pytest.mark.shells
KEY = "key-of-ours-4711"
FAR_END = {b"dash", b"busybox", b"sh"}  # these tests' own far end is given its arguments on its command line
PAGE = {
    "status": "ok",
    "parts": {"data base": 'connection "failed"', "queue": True, "n": -1.5},
    "checks": [{"name": "a.b"}, {"name": None, "list": []}],
    "text": "x" * 3000 + "\n{\\",
}


class _Vendor(BaseHTTPRequestHandler):
    """Answers as its path says; whoever has no key is refused, and so is a key on a command line."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        words = self.path.strip("/").split("/")
        if words[0] == "slow":
            time.sleep(float(words[1]))
        status = int(words[1]) if words[0] == "status" else 200
        if words[0] == "key":
            sent = (self.headers.get("Authorization"), self.headers.get("X-From"))
            right = sent == (f"Bearer {KEY}", "remedy") and shown_to_all() == []
            status = 200 if right else 401 if sent[0] is None else 500
        body = b"{" + b" " * 70_000 + b"}" if words[0] == "large" else json.dumps(PAGE, indent=2).encode()
        with suppress(BrokenPipeError):  # whoever waits no longer
            self.answer(status, b'{"status": ' if words[0] == "broken" else body)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Left", "7")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def shown_to_all() -> list[bytes]:
    """The command lines of this machine that hold the key."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if KEY.encode() in b" ".join(words) and words[0].rpartition(b"/")[2] not in FAR_END:
            found.append(b" ".join(words))
    return found


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Vendor)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=TOOLS)
def by(request: pytest.FixtureRequest, catalogue: Catalogue, host: Host, tmp_path: Path) -> Ask:
    """Asks on a far end that has only one of the tools that can fetch a page."""
    end = far_end_of(TOOLS[request.param], tmp_path)
    if end is None or shutil.which(request.param) is None:
        pytest.skip(f"not installed: {request.param} or {TOOLS[request.param]}")
    end = replace(end, secrets={"env:KEY": KEY, "env:BROKEN": "a\nb: c"})
    if request.param == "busybox":
        return Ask(end, catalogue, host)
    only = tmp_path / "only"
    only.mkdir()
    for name in ("awk", "cat", "date", "dash", "head", "sed", "tail", "timeout", "tr", request.param):
        (only / name).symlink_to(shutil.which(name) or name)
    return Ask(replace(end, path=str(only)), catalogue, host)


def headers(secret: str = "env:KEY") -> list[Json]:
    return ["X-From: remedy\nAuthorization: Bearer ", {"secret": secret}, "\n"]


def test_fault_098_a_key_in_a_header_is_sent_and_no_command_line_shows_it(by: Ask, site: str) -> None:
    if by("http.ok", url=f"{site}/").facts["by"] in ("wget", "busybox"):
        reply = by.reply("http.ok", url=f"{site}/key", headers=headers())
        assert (reply.rc, "would show the headers on their command line" in reply.error) == (3, True)
        return
    assert by("http.ok", url=f"{site}/key", headers=headers()).answer is Answer.OK
    assert by("http.ok", url=f"{site}/key", headers="X-From: remedy").facts["status"] == "401"
    assert (
        by("http.latency", url=f"{site}/key", headers=headers(), median="20s", timeout="20s", samples=2).answer
        is Answer.OK
    )
    found = by("vendor.ok", url=f"{site}/key", headers=headers())
    assert found.answer is Answer.OK
    assert KEY not in repr(found)
    assert by("vendor.ok", url=f"{site}/key").facts["stands"] == "key"
    reply = by.reply("http.ok", url=f"{site}/key", headers=headers("env:BROKEN"))
    assert not reply.answered
    assert "holds a line break" in reply.error


def test_what_json_says_is_held_against_what_it_should(by: Ask, site: str) -> None:
    right = [
        "status=ok",
        'parts.data base=connection "failed"',
        "parts.queue=true",
        "parts.n=-1.5",
        "checks.0.name=a.b",
    ]
    assert by("http.ok", url=f"{site}/", json=[*right, "checks.1.name=null"]).answer is Answer.OK
    for wrong in ("status=OK", "status=ok ", "parts=", "checks.2.name=a", "checks.1.list=", "none=none", "statu=ok"):
        found = by("http.ok", url=f"{site}/", json=[wrong])
        assert found.answer is Answer.NOT_OK, wrong
    assert found.says.endswith("statu is not there")
    for page in ("broken", "large"):
        assert by("http.ok", url=f"{site}/{page}", json=["status=ok"]).answer is Answer.NOT_OK


def test_a_bound_divides_quick_from_slow(by: Ask, site: str) -> None:
    found = by("http.latency", url=f"{site}/slow/0.3", median="20s", timeout="20s", samples=2)
    assert found.answer is Answer.OK
    assert int(str(found.facts["median"])) >= 280
    assert by("http.latency", url=f"{site}/slow/0.3", median="100ms", samples=2).answer is Answer.NOT_OK
    found = by("http.latency", url=f"{site}/status/503", p95="5s", samples=2)
    assert (found.answer, found.facts["failed"], found.facts["status"]) == (Answer.NOT_OK, 2, 503)
    found = by("http.latency", url="http://127.0.0.1:1/", median="5s")
    assert (found.answer, "does not answer" in found.says) == (Answer.NOT_OK, True)


def test_a_vendor_is_told_apart_by_how_it_fails(by: Ask, site: str) -> None:
    def stands(path: str, **params: Json) -> object:
        return by("vendor.ok", url=f"{site}/{path}", **params).facts["stands"]

    assert [stands(f"status/{n}") for n in (200, 429, 500, 503, 404, 301)] == [
        "ok",
        "often",
        "ill",
        "ill",
        "other",
        "other",
    ]
    assert stands("status/404", status=[200, 404]) == "ok"
    assert stands("slow/0.3", slow="100ms") == "slow"
    assert stands("slow/3", timeout="1s") == "silent"
    assert stands("", json=["status=ok"]) == "ok"
    assert stands("", json=["status=none"]) == "unlike"
    assert stands("", quota_header="x-left", quota_least=8) == "spent"
    found = by("vendor.ok", url=f"{site}/", quota_header="X-Left", quota_least=7)
    assert (found.answer, found.facts["left"]) == (Answer.OK, 7)
