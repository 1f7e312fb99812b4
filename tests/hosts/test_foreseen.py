"""What several looks ask of files is asked at once, and the answers are those that each would have given alone."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.hosts.wire import foreseen
from remedy.model import Look, Reply
from tests.hosts.far import Far

NAMES = ("plain", " two words ", "new\nline", "-rf", "back\\slash", "$(id) `id` '\" *", "\u00e4\udcff", "x" * 200)


def file_put(path: str, private: str = "", *parts: str) -> Look:
    return Look(family="file", function="file_put_look", args=(path, "", "", "", private, *parts))


def asked(root: Path) -> list[Look]:
    """Looks at files of every kind and name in a directory, which is made."""
    (root / "in").mkdir(parents=True)
    looks = [file_put(f"{root}/none"), file_put(f"{root}/no/where"), file_put(f"{root}/in")]
    for name in NAMES:
        (root / name).write_text(f"of {name}"[:300], errors="surrogateescape")
        looks += [file_put(f"{root}/{name}"), file_put(f"{root}/{name}", "private", "of plain")]
        looks.append(Look(family="file_remove", function="file_remove_look", args=(f"{root}/{name}", "")))
    (root / "link").symlink_to("plain")
    (root / "empty").touch()
    (root / "large").write_bytes(b"x" * (1 << 20))
    (root / "larger").write_bytes(b"x" * ((1 << 20) + 1))
    os.mkfifo(root / "pipe")
    (root / "linked").symlink_to("in", target_is_directory=True)
    kinds = ("link", "empty", "large", "larger", "pipe", "linked/x")
    looks += [file_put(f"{root}/{name}") for name in kinds]
    looks += [
        Look(family="dir", function="dir_make_look", args=(f"{root}/{n}", "", "")) for n in ("in", "no", "linked")
    ]
    prune = (str(root), "*", str(2**33), "0", "100", str(2**40), "", "100")
    return [*looks, Look(family="files", function="files_prune_look", args=prune)]


def said(reply: Reply) -> Reply:
    """An answer without what it tells of this machine's other processes, which come and go."""
    return replace(reply, evidence=tuple(line for line in reply.evidence if not line.startswith("unseen_")))


@pytest.mark.shells
def test_what_is_asked_at_once_is_what_each_look_says_alone(every_far: Far, tmp_path: Path) -> None:
    looks, session = asked(tmp_path / "files"), every_far.session()
    together = session.look(looks)
    assert [said(r) for r in together] == [said(session.look([look])[0]) for look in looks]
    assert {reply.rc for reply in together} <= {0, 3}
    assert sum(reply.rc == 0 for reply in together) > len(NAMES) or every_far.shell == "mksh"


def counting(far: Far, program: str, more: str = "") -> Path:
    """A file that gets a line for each start of a program from now on."""
    far.session()
    log, wrapper = far.directory / f"{program}.log", far.directory / f"bin-{far.shell}" / program
    wrapper.write_text(f'#!/bin/dash\necho "$#" >>{log}\n{more}\nexec /usr/bin/{program} "$@"\n')
    wrapper.chmod(0o755)
    log.touch()
    return log


@pytest.mark.shells
@pytest.mark.parametrize("program", ["stat", "sha256sum", "ls"])
def test_a_program_answers_for_all_looks_of_a_request(any_far: Far, tmp_path: Path, program: str) -> None:
    log = counting(any_far, program)
    for number in range(20):
        (tmp_path / str(number)).write_text("x")
    replies = any_far.session().look([file_put(f"{tmp_path}/{number}") for number in range(20)])
    assert {reply.rc for reply in replies} == {3 if any_far.shell == "mksh" else 0}  # which counts in 32 bits
    if any_far.shell != "busybox":  # whose own programs come before those of the path
        assert len(log.read_text().splitlines()) == 1


def test_where_what_is_asked_at_once_hangs_each_look_is_asked_by_itself(far: Far, tmp_path: Path) -> None:
    """As on a filesystem that is away: the look at another one is answered all the same."""
    log = counting(far, "stat", '[ "$#" -lt 6 ] || sleep 60')
    looks = [
        Look(family="dir", function="dir_make_look", args=(str(path), "", ""), timeout_s=1)
        for path in (tmp_path, tmp_path.parent, Path("/usr"), Path("/etc"))
    ]
    assert [reply.rc for reply in far.session().look(looks)] == [0] * 4
    assert log.read_text().splitlines() == ["7", "4", "4", "4", "4"]


def test_one_look_is_not_foreseen_and_secrets_never_are() -> None:
    one = file_put("/etc/motd", "private", "a part")
    assert list(foreseen([one])) == []
    names = [name for name, _ in foreseen([one, file_put("/etc/issue")])]
    assert names == ["file_put_look_foresee"] * 2
    assert all("a part" not in args for _, args in foreseen([one, one]))
