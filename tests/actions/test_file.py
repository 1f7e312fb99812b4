"""file.put, file.remove, dir.make and file.matches on real files, with their real functions under every shell."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from remedy.actions.action import Action, Check
from remedy.actions.catalogue import Catalogue
from remedy.actions.files.difference import SHOWN_LINES, difference
from remedy.actions.files.file_state import FileState
from remedy.errors import CannotTell, Refused
from remedy.model import Change, Host, Json, Reply, SecretRef, UndoBy, UndoImpossible
from tests.actions.far_end import FarEnd
from tests.actions.scenes import HOSTILE_NAME

pytestmark = pytest.mark.shells

EVERY_BYTE = bytes(range(1, 256)) * 33  # more than 8 KiB, no UTF-8, no newline at its end


@dataclass(frozen=True)
class Doing:
    """One action on one far end."""

    end: FarEnd
    action: Action[FileState]
    host: Host

    def reply(self) -> Reply:
        return self.end.look(self.action.look(self.host))

    def see(self) -> FileState:
        reply = self.reply()
        assert reply.answered, reply.error
        return self.action.see(reply)

    def change(self) -> Change:
        change = self.action.plan(self.see())
        assert change is not None
        return change

    def apply(self) -> Change:
        change = self.change()
        self.act(change.operations)
        assert self.action.plan(self.see()) is None
        return change

    def act(self, operations: object) -> None:
        assert isinstance(operations, tuple)
        for operation in operations:
            done = self.end.act(operation)
            assert done.returncode == 0, done.stderr

    def undo(self, change: Change) -> None:
        assert isinstance(change.undo, UndoBy)
        self.act(change.undo.operations)


Using = Callable[..., Doing]


@pytest.fixture
def using(far_end: FarEnd, catalogue: Catalogue, host: Host, shelf: Path) -> Using:
    def make(name: str, *, quarantine: bool = False, secrets: dict[str, str] | None = None, **params: Json) -> Doing:
        at = replace(host, quarantine=str(shelf)) if quarantine else host
        return Doing(replace(far_end, secrets=secrets or {}), catalogue.action(name, params), at)

    return make


def state(path: Path) -> tuple[object, ...]:
    status = path.stat()
    return path.read_bytes(), status.st_mode, status.st_uid, status.st_gid


# ---------------------------------------------------------------- file.put


def test_fault_013_every_byte_is_written_and_comes_back(using: Using, tmp_path: Path) -> None:
    path = tmp_path / HOSTILE_NAME
    path.write_bytes(EVERY_BYTE)
    path.chmod(0o2751)
    before = state(path)
    wanted = (EVERY_BYTE[::-1] + b"\n\n").decode("utf-8", "surrogateescape")
    put = using("file.put", path=str(path), content=wanted, mode="0600")
    change = put.apply()
    assert (path.read_bytes(), path.stat().st_mode & 0o7777) == (wanted.encode("utf-8", "surrogateescape"), 0o600)
    put.undo(change)
    assert state(path) == before
    put.undo(change)
    assert state(path) == before


@pytest.mark.parametrize("content", ["", "\n", "no newline", "-n\n", "a\n\n\n", "%s\\n\\c"])
def test_what_is_written_is_what_is_wanted_to_the_byte(using: Using, tmp_path: Path, content: str) -> None:
    put = using("file.put", path=str(tmp_path / "new"), content=content)
    change = put.apply()
    assert (tmp_path / "new").read_bytes() == content.encode()
    put.undo(change)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "fifo"])
def test_what_is_no_regular_file_is_refused(using: Using, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    match kind:
        case "directory":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case _:
            path.symlink_to(tmp_path if kind == "link" else tmp_path / "nothing")
    for name in ("file.put", "file.remove"):
        doing = using(name, path=str(path), **({"content": "x"} if name == "file.put" else {}))
        with pytest.raises(Refused, match=r"is (a symbolic link|a directory|no regular file)"):
            doing.action.plan(doing.see())


def test_a_directory_reached_through_a_link_is_refused_and_its_real_name_told(using: Using, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for name in ("file.put", "file.remove", "dir.make"):
        reply = using(name, path=str(tmp_path / "link/x"), **({"content": "x"} if name == "file.put" else {})).reply()
        assert reply.rc == 3
        assert f"name {tmp_path}/real" in reply.error


def test_a_user_that_is_not_there_refuses_the_plan(using: Using, tmp_path: Path) -> None:
    reply = using("file.put", path=str(tmp_path / "x"), content="", owner="no-such-user").reply()
    assert (reply.rc, reply.error) == (3, "there is no user no-such-user\n")


@pytest.mark.parametrize("old", [b"no\0text\n", b"x" * 70_000], ids=["no text", "large"])
def test_what_a_plan_cannot_hold_goes_to_the_quarantine_and_comes_back(
    using: Using, tmp_path: Path, shelf: Path, old: bytes
) -> None:
    path = tmp_path / "it"
    path.write_bytes(old)
    path.chmod(0o640)
    before = state(path)
    assert isinstance(using("file.put", path=str(path), content="new\n").change().undo, UndoImpossible)
    put = using("file.put", quarantine=True, path=str(path), content="new\n")
    change = put.apply()
    assert path.read_bytes() == b"new\n"
    put.undo(change)
    assert state(path) == before
    assert list(shelf.iterdir()) == []


def test_an_undo_leaves_alone_what_somebody_else_wrote_meanwhile(using: Using, tmp_path: Path) -> None:
    path = tmp_path / "it"
    for old in (None, b"old\n"):
        if old is not None:
            path.write_bytes(old)
        put = using("file.put", path=str(path), content="new\n")
        change = put.apply()
        path.write_bytes(b"theirs\n")
        assert isinstance(change.undo, UndoBy)
        done = put.end.act(change.undo.operations[0])
        assert done.returncode != 0
        assert b"somebody else changed it" in done.stderr
        assert path.read_bytes() == b"theirs\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_owner_and_group_are_set_by_name_and_come_back(using: Using, tmp_path: Path) -> None:
    path, folder = tmp_path / "it", tmp_path / "folder"
    path.write_text("same\n")
    folder.mkdir(mode=0o700)
    wanted: dict[str, Json] = {"owner": "nobody", "group": "daemon", "mode": "2750"}
    for name, where, more in (("file.put", path, {"content": "same\n"}), ("dir.make", folder, {})):
        os.chown(where, 7, 9)
        before = where.stat().st_mode, where.stat().st_uid, where.stat().st_gid
        doing = using(name, path=str(where), **wanted, **more)
        change = doing.apply()
        assert (where.owner(), where.group(), where.stat().st_mode & 0o7777) == ("nobody", "daemon", 0o2750)
        assert change.title.startswith("set the mode and owner of ")
        doing.undo(change)
        assert (where.stat().st_mode, where.stat().st_uid, where.stat().st_gid) == before


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that every user can reach, and only root write."""
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    with tempfile.TemporaryDirectory(prefix="remedy-test-", dir="/var/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_who_may_not_is_told_before_anything_is_done(using: Using, open_folder: Path, far_end: FarEnd) -> None:
    if far_end.name == "busybox":
        pytest.skip("its tools are in a directory that nobody else can reach")
    (open_folder / "roots").write_text("x")

    def asked(name: str, path: Path, **more: Json) -> tuple[Doing, Reply]:
        doing = using(name, path=str(path), **more)
        program = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *doing.end.shell)
        doing = replace(doing, end=replace(doing.end, shell=program))
        return doing, doing.reply()

    put: dict[str, Json] = {"content": "y"}
    for name, path, more, why in (
        ("file.put", open_folder / "roots", put, "only root can write"),
        ("file.put", open_folder / "new", put, "cannot be written"),
        ("file.put", open_folder / "new", {**put, "owner": "root"}, "only root can write"),
        ("dir.make", open_folder / "new", {}, "cannot be written"),
        ("dir.make", open_folder, {"mode": "0700"}, "only root can give"),
    ):
        doing, reply = asked(name, path, **more)
        with pytest.raises(Refused, match=why):
            doing.action.plan(doing.action.see(reply))
    (open_folder / "closed").mkdir(mode=0o700)
    for name in ("file.put", "file.remove", "dir.make"):
        _, reply = asked(name, open_folder / "closed/a/b", **(put if name == "file.put" else {}))
        assert (reply.rc, reply.error) == (3, f"{open_folder}/closed cannot be entered\n")


# ---------------------------------------------------------------- secrets

VALUE = "s3cret $(x) 'q' \"d\" \\n\nof two lines"
PARTS: dict[str, Json] = {"content": ["user=a\npassword=", {"secret": "env:PW"}, "\n"]}


def test_fault_096_a_file_with_a_secret_is_compared_on_the_host_and_nothing_of_it_is_shown(
    using: Using, tmp_path: Path, shelf: Path
) -> None:
    path = tmp_path / "it"
    path.write_text("user=a\npassword=older-than-that\n")
    path.chmod(0o640)
    before = state(path)
    put = using("file.put", quarantine=True, secrets={"env:PW": VALUE}, path=str(path), **PARTS)
    reply = put.reply()
    assert "older-than-that" not in repr(reply)
    assert not any(line.startswith("sha256") for line in reply.ground)  # a hash of a weak secret gives it away
    change = put.apply()
    assert path.read_text() == f"user=a\npassword={VALUE}\n"
    assert SecretRef("env:PW") in change.operations[-1].content  # type: ignore[union-attr] # the put
    assert "s3cret" not in repr(change)
    assert "older-than-that" not in repr(change)
    assert "+password=[secret]" in change.lines
    put.undo(change)
    assert state(path) == before
    assert list(shelf.iterdir()) == []


def test_a_new_file_with_a_secret_is_its_owners_alone_and_another_secret_is_written(
    using: Using, tmp_path: Path
) -> None:
    path = tmp_path / "it"
    using("file.put", secrets={"env:PW": VALUE}, path=str(path), **PARTS).apply()
    assert path.stat().st_mode & 0o777 == 0o600
    again = using("file.put", secrets={"env:PW": VALUE}, path=str(path), **PARTS)
    assert again.action.plan(again.see()) is None
    other = using("file.put", secrets={"env:PW": "another one"}, path=str(path), **PARTS)
    change = other.change()
    assert isinstance(change.undo, UndoImpossible)
    assert "the host has no quarantine" in change.undo.says


# ---------------------------------------------------------------- file.remove


def test_a_file_that_is_held_open_is_refused_and_who_holds_it_is_told(using: Using, tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_text("x")
    remove = using("file.remove", path=str(path))
    with path.open(), pytest.raises(Refused, match=rf"holds .* open \(.*{os.getpid()} "):
        remove.action.plan(remove.see())
    remove.apply()
    assert not path.exists()


def test_a_file_with_another_name_is_refused(using: Using, tmp_path: Path) -> None:
    (tmp_path / "it").write_text("x")
    (tmp_path / "other").hardlink_to(tmp_path / "it")
    remove = using("file.remove", path=str(tmp_path / "it"))
    with pytest.raises(Refused, match="is one of 2 names"):
        remove.action.plan(remove.see())


def test_another_file_of_the_same_name_stays(using: Using, tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_text("x")
    remove = using("file.remove", path=str(path))
    change = remove.change()
    path.unlink()
    (tmp_path / "keeps-the-inode").write_text("")
    path.write_text("another")
    remove.act(change.operations)
    assert path.read_text() == "another"


# ---------------------------------------------------------------- dir.make


def test_undo_leaves_a_directory_that_is_not_empty(using: Using, tmp_path: Path) -> None:
    make = using("dir.make", path=str(tmp_path / "a/b"), parents=True)
    change = make.apply()
    (tmp_path / "a/file").write_text("theirs")
    assert isinstance(change.undo, UndoBy)
    done = make.end.act(change.undo.operations[0])
    assert (done.returncode != 0, b"a is not empty; it stays" in done.stderr) == (True, True)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "file"]


def test_a_directory_that_somebody_made_meanwhile_is_not_taken_over(using: Using, tmp_path: Path) -> None:
    make = using("dir.make", path=str(tmp_path / "a/b"), parents=True)
    change = make.change()
    (tmp_path / "a").mkdir(mode=0o700)
    done = make.end.act(change.operations[0])
    assert done.returncode != 0
    assert [p.name for p in tmp_path.rglob("*")] == ["a"]


# ---------------------------------------------------------------- file.matches


@pytest.fixture
def judged(far_end: FarEnd, catalogue: Catalogue, host: Host) -> Callable[..., str]:
    def judge(path: Path, **params: Json) -> str:
        check: Check = catalogue.check("file.matches", {"path": str(path), **params})
        reply = far_end.look(check.look(host))
        assert reply.answered, reply.error
        judgement = check.judge(reply)
        return f"{judgement.answer}: {judgement.says.removeprefix(str(path)).strip()}"

    return judge


def test_a_file_is_held_against_what_it_should_be(judged: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / HOSTILE_NAME
    assert judged(path) == "not ok: is not there"
    assert judged(path, what="absent") == "ok: is not there"
    path.write_bytes(b"first\n-e $(x) [a]* \\d\nlast\n")
    path.chmod(0o640)
    assert judged(path, contains="-e $(x) [a]* \\d", mode="640") == "ok: is as wanted (contains, mode)"
    assert judged(path, contains="a.") == "not ok: does not hold the text"
    assert judged(path, owner=str(os.getuid()), mode="0644") == "not ok: has mode 0640, not 0644"
    total = subprocess.run(["sha256sum"], input=path.read_bytes(), capture_output=True, check=True).stdout[:64].decode()
    assert judged(path, sha256=total.upper()) == "ok: is as wanted (sha256)"
    assert judged(tmp_path, what="directory") == "ok: is there"
    assert judged(tmp_path) == "not ok: is a directory"
    (tmp_path / "dangling").symlink_to("nothing")
    assert judged(tmp_path / "dangling", what="absent") == "not ok: is a link to nothing"
    os.mkfifo(tmp_path / "fifo")
    assert judged(tmp_path / "fifo", contains="x") == "not ok: is no regular file"


def test_what_is_too_large_to_be_read_cannot_be_told(judged: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"x" * 2000)
    with pytest.raises(CannotTell, match="larger than max_bytes"):
        judged(tmp_path / "it", contains="x", max_bytes=1000)


# ---------------------------------------------------------------- the difference


def test_a_difference_is_bounded_in_time_and_length() -> None:
    old = "".join(f"line {n % 97}\n" for n in range(20_000))  # few different lines, in another order
    new = "".join(f"line {n * 31 % 97}\n" for n in range(20_000))
    start = time.process_time()
    lines = difference(old, new)
    assert time.process_time() - start < 5
    assert len(lines) == SHOWN_LINES + 1
    assert lines[-1].startswith("and ")
    assert difference("a\n" * 50_000 + "x\n", "a\n" * 50_000 + "y\n")[-2:] == ("-x", "+y")
    assert difference("a", "a\n") == ("@@ -1,2 +1,1 @@", " a", "-\\ no newline at the end")
    assert difference("a\n", "a\n") == ()
