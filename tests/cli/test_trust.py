"""`remedy trust` against a real SSH server: nothing is pinned that nobody compared, and no credential is sent."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from remedy.cli.edge import run
from remedy.cli.wiring import SystemClock
from remedy.cli.world import World
from remedy.load.inventory import load_inventory
from remedy.store.sqlite import SqliteStore
from tests.cli.conftest import Done, Terminal
from tests.lab.sshd import SshdHost
from tests.outputs import hold

ENTRY = """\
hosts:
  lab:
    # reached by its address
    address: {address}
    identity: {identity}
"""


class Home:
    """A home with one host whose key nobody has pinned."""

    def __init__(self, path: Path, host: SshdHost) -> None:
        (path / "inventory").mkdir(parents=True, mode=0o755)
        path.chmod(0o755)
        self.path = path
        self.file = path / "inventory/hosts.yml"
        entry = host.entry()
        self.file.write_text(ENTRY.format(address=entry["address"], identity=entry["identity"]))

    def __call__(self, *argv: str, typed: str | None = None) -> Done:
        out, err = (io.StringIO(), io.StringIO()) if typed is None else (Terminal(), Terminal())
        stdin = io.StringIO() if typed is None else Terminal(typed)
        environ = {"NO_COLOR": "1", "TERM": "dumb"}
        code = run(argv, World(stdin=stdin, stdout=out, stderr=err, environ=environ, cwd=self.path))
        if "--json" in argv:
            hold(argv, out.getvalue())
        return Done(code, out.getvalue(), err.getvalue())

    @property
    def pinned(self) -> tuple[str, ...]:
        return load_inventory(self.path / "inventory").hosts["lab"].host_key


@pytest.fixture
def home(sshd_host: SshdHost, tmp_path: Path) -> Home:
    return Home(tmp_path / "home", sshd_host)


def test_without_a_terminal_the_fingerprint_is_shown_and_must_be_given(home: Home, sshd_host: SshdHost) -> None:
    logins = sshd_host.logins() + sshd_host.failures()

    refused = home("trust", "lab", "--json")
    error = refused.document["error"]
    assert (refused.code, error["kind"], home.pinned) == (3, "unapproved", ())

    fingerprint = error["fix"].rpartition("--fingerprint ")[2]
    assert fingerprint.startswith("SHA256:")
    done = home("trust", "lab", "--fingerprint", fingerprint, "--json")

    assert (done.code, done.document["pinned_in"]) == (0, str(home.file)), done
    assert [k.split()[:2] for k in home.pinned] == [sshd_host.host_key.split()[:2]]
    assert "# reached by its address" in home.file.read_text()
    assert sshd_host.logins() + sshd_host.failures() == logins, "no credential was sent"
    assert "pinned already" in home("trust", "lab").out


def test_a_wrong_fingerprint_pins_nothing(home: Home) -> None:
    done = home("trust", "lab", "--fingerprint", "SHA256:" + "A" * 43, "--json")

    assert (done.code, done.document["error"]["kind"], home.pinned) == (3, "hostkey", ())


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("y\n", 3), ("\n", 3), ("", 3)])
def test_a_person_compares_and_types_yes(home: Home, typed: str, code: int) -> None:
    done = home("trust", "lab", typed=typed)

    assert (done.code, bool(home.pinned)) == (code, code == 0), done
    assert "SHA256:" in done.err


def test_fault_046_another_key_than_the_pinned_one_is_never_taken(home: Home, sshd_host: SshdHost) -> None:
    text = home.file.read_text()
    kind, blob = sshd_host.host_key.split()[:2]
    other = blob[:-8] + ("AAAA" if blob[-8:-4] != "AAAA" else "BBBB") + blob[-4:]
    home.file.write_text(text + f"    host_key: {kind} {other}\n")

    done = home("trust", "lab", "--fingerprint", "SHA256:" + "A" * 43, "--json")

    assert (done.code, done.document["error"]["kind"]) == (3, "hostkey")
    assert home.pinned == (f"{kind} {other}",)


def test_what_was_pinned_is_in_the_journal(home: Home) -> None:
    home("trust", "lab", typed="yes\n")
    store = SqliteStore.open(home.path / ".remedy", SystemClock())
    (event,) = store.events()
    store.close()

    assert (event.kind, event.host) == ("host.trusted", "lab")
    assert json.dumps(dict(event.body)).count("SHA256:") == 1
