"""The checks' shell functions against real filesystems, processes, sockets and web servers."""

import os
import pwd
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host
from tests.actions.acting import Ask
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import write

pytestmark = pytest.mark.shells


@pytest.fixture
def ask(far_end: FarEnd, catalogue: Catalogue, host: Host) -> Ask:
    return Ask(far_end, catalogue, host)


# ---------------------------------------------------------------- disk


def test_what_is_free_is_what_the_kernel_says(ask: Ask, tmp_path: Path) -> None:
    there = os.statvfs(tmp_path)
    facts = ask("disk.free", mount=str(tmp_path), below="100%").facts
    assert facts["size_bytes"] == there.f_blocks * there.f_frsize
    assert facts["inodes"] == there.f_files
    assert abs(int(str(facts["free_bytes"])) - there.f_bavail * there.f_frsize) < 2**30  # others write here too


def test_a_limit_divides_below_from_at_least(ask: Ask, tmp_path: Path) -> None:
    there, place = os.statvfs(tmp_path), str(tmp_path)
    half, double = there.f_bavail * there.f_frsize // 2, there.f_bavail * there.f_frsize * 2
    assert ask("disk.free", mount=place, at_least=half).answer is Answer.OK
    assert ask("disk.free", mount=place, below=half).answer is Answer.NOT_OK
    assert ask("disk.free", mount=place, at_least=double).answer is Answer.NOT_OK
    assert ask("disk.free", mount=place, below=double).answer is Answer.OK
    assert ask("disk.free", mount=place, at_least="0%").answer is Answer.OK
    if there.f_files:
        assert ask("disk.free", mount=place, inodes_at_least=there.f_ffree // 2).answer is Answer.OK
        assert ask("disk.free", mount=place, inodes_below="0%").answer is Answer.NOT_OK


def test_a_filesystem_that_is_not_there_cannot_be_told(ask: Ask, tmp_path: Path) -> None:
    reply = ask.reply("disk.free", mount=f"{tmp_path}/none", below="20%")
    assert not reply.answered
    assert "there is no directory" in reply.error


def test_the_largest_files_and_directories_are_shown(ask: Ask, tmp_path: Path) -> None:
    write(tmp_path / "sub" / "large\nfile", b"x" * 11 * 2**20)
    write(tmp_path / "sub" / "small", b"x")
    found = ask("disk.top", mount=str(tmp_path))
    assert found.facts["file"] == [{"bytes": 11 * 2**20, "name": f"{tmp_path}/sub/large\nfile"}]
    folders = found.facts["dir"]
    assert isinstance(folders, list)
    assert [f["name"] for f in folders if isinstance(f, dict)] == [str(tmp_path), f"{tmp_path}/sub"]
    assert found.facts["complete"] is True


def test_a_deleted_file_that_is_still_open_is_shown(ask: Ask, tmp_path: Path) -> None:
    with write(tmp_path / "gone", b"x" * 2**20).open("rb"):
        (tmp_path / "gone").unlink()
        deleted = ask("disk.top", mount=str(tmp_path), count=100).facts["deleted"]
    assert isinstance(deleted, list)
    assert {"bytes": 2**20, "name": f"process {os.getpid()}"} in deleted


# ---------------------------------------------------------------- processes


@pytest.fixture
def sleeper() -> Iterator[tuple[str, int]]:
    """A process with a command line that nothing else has."""
    seconds = str(100000 + os.getpid())
    with subprocess.Popen(["sleep", "100000", seconds]) as process:
        yield f"sleep 100000 {seconds}", process.pid
        process.kill()


def test_a_process_is_found_by_its_whole_command_line_alone(ask: Ask, sleeper: tuple[str, int]) -> None:
    cmdline, pid = sleeper
    assert ask("process.running", cmdline=cmdline).facts == {"count": 1, "pids": [pid]}
    for near in (cmdline[:-1], cmdline + "0", cmdline.removeprefix("sleep "), "sleep", ".*", "*"):
        assert ask("process.running", cmdline=near, at_least=1).answer is Answer.NOT_OK


def test_processes_of_another_user_do_not_count(ask: Ask, sleeper: tuple[str, int]) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    assert ask("process.running", cmdline=sleeper[0], user=me).answer is Answer.OK
    assert ask("process.running", cmdline=sleeper[0], user="nobody").answer is Answer.NOT_OK
    reply = ask.reply("process.running", cmdline=sleeper[0], user="no-such-user")
    assert "there is no user" in reply.error


def test_how_many_processes_run_has_two_bounds(ask: Ask, sleeper: tuple[str, int]) -> None:
    assert ask("process.running", cmdline=sleeper[0], at_least=2).answer is Answer.NOT_OK
    assert ask("process.running", cmdline=sleeper[0], at_least=0, at_most=0).answer is Answer.NOT_OK


# ---------------------------------------------------------------- ports


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        listening = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip(f"no {request.param} here")
    with listening:
        yield request.param, listening.getsockname()[1]


def test_a_listening_port_is_open_here_and_from_elsewhere(ask: Ask, listener: tuple[str, int]) -> None:
    address, port = listener
    assert ask("port.open", port=port).answer is Answer.OK
    assert ask("port.open", port=port, address=address).answer is Answer.OK


def test_a_port_that_nobody_listens_on_is_closed(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert ask("port.open", port=port).answer is Answer.NOT_OK
    assert ask("port.open", port=port, address="127.0.0.1").answer is Answer.NOT_OK


# ---------------------------------------------------------------- the web


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/ok")
            self.end_headers()
            return
        self.send_response(int(self.path.strip("/")) if self.path.strip("/").isdecimal() else 200)
        self.end_headers()
        self.wfile.write(b"all is \xff\x00 well\nand ready\n" + b"x" * 1000)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


TOOLS = {"curl": "dash", "wget": "dash", "bash": "dash", "busybox": "busybox"}


@pytest.fixture(params=TOOLS)
def by(request: pytest.FixtureRequest, catalogue: Catalogue, host: Host, tmp_path: Path) -> Ask:
    """Asks on a far end that has only one of the tools that can fetch a page."""
    end = far_end_of(TOOLS[request.param], tmp_path)
    if end is None or shutil.which(request.param) is None:
        pytest.skip(f"not installed: {request.param} or {TOOLS[request.param]}")
    if request.param == "busybox":
        return Ask(end, catalogue, host)
    only = tmp_path / "only"
    only.mkdir()
    for name in ("cat", "date", "dash", "head", "tail", "timeout", "tr", request.param):
        (only / name).symlink_to(shutil.which(name) or name)
    return Ask(replace(end, path=str(only)), catalogue, host)


def test_a_page_is_judged_by_its_status_whatever_fetches_it(by: Ask, site: str) -> None:
    assert by("http.ok", url=f"{site}/ok").answer is Answer.OK
    for status in ("404", "500", "503"):
        judgement = by("http.ok", url=f"{site}/{status}")
        assert judgement.answer is Answer.NOT_OK
        assert judgement.facts["status"] == status
    assert by("http.ok", url=f"{site}/503", status=[200, 503]).answer is Answer.OK


def test_a_redirection_is_an_answer_of_its_own(by: Ask, site: str) -> None:
    assert by("http.ok", url=f"{site}/moved").facts["status"] == "302"
    assert by("http.ok", url=f"{site}/moved", status=[302]).answer is Answer.OK


def test_a_page_must_hold_what_is_asked_for(by: Ask, site: str) -> None:
    assert by("http.ok", url=f"{site}/ok", contains="and ready").answer is Answer.OK
    assert by("http.ok", url=f"{site}/ok", contains="and * ready").answer is Answer.NOT_OK


def test_where_nobody_answers_it_is_not_ok_and_says_so(by: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    judgement = by("http.ok", url=f"http://127.0.0.1:{port}/")
    assert judgement.answer is Answer.NOT_OK
    assert "does not answer" in judgement.says


def test_a_server_that_says_nothing_is_not_waited_for(by: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        judgement = by("http.ok", url=f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout="1s")
    assert judgement.answer is Answer.NOT_OK


def test_an_address_is_never_code(by: Ask, site: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    by("http.ok", url=f"{site}/$(touch${{IFS}}{canary});`touch`'\"&|")
    assert not canary.exists()


def test_without_any_tool_the_host_lacks_something(catalogue: Catalogue, host: Host, tmp_path: Path) -> None:
    end = far_end_of("dash", tmp_path)
    if end is None:
        pytest.skip("not installed: dash")
    only = tmp_path / "only"
    only.mkdir()
    for name in ("cat", "date", "dash", "head", "tail", "tr"):
        (only / name).symlink_to(shutil.which(name) or name)
    reply = Ask(replace(end, path=str(only)), catalogue, host).reply("http.ok", url="http://127.0.0.1/")
    assert reply.rc == 3
    assert "installed" in reply.error


# ---------------------------------------------------------------- host


def test_how_a_host_is_is_what_the_kernel_says(by: Ask) -> None:
    facts = by("host.state").facts
    up_s = float(Path("/proc/uptime").read_text("ascii").split()[0])
    assert abs(int(str(facts["up_s"])) - up_s) < 60
    assert facts["processors"] == os.cpu_count()
    assert 0 < int(str(facts["available_kib"])) <= int(str(facts["memory_kib"]))
