"""A file is replaced whole, with mode and owner, or stays as it was."""

from __future__ import annotations

import os

import pytest

from remedy.errors import Invalid
from remedy.model import Put
from tests.hosts.far import Far, change


def test_a_file_is_replaced_whole_with_mode_and_owner(any_far: Far) -> None:
    session, lease = any_far.held()
    target = any_far.directory / "target"
    target.write_text("old")
    if os.getuid() == 0:
        os.chown(target, 1234, 4321)
    before = target.stat()
    reply = session.change(change(lease, Put(path=str(target), content=("new\n",), mode="0640")))
    assert reply.state == "done", reply.output.text
    after = target.stat()
    assert (target.read_text(), after.st_mode & 0o7777) == ("new\n", 0o640)
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    assert [p.name for p in any_far.directory.glob(".*")] == []


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_new_file_belongs_to_whom_it_should(far: Far) -> None:
    session, lease = far.held()
    paths = [far.directory / name for name in ("a", "b", "c")]
    puts = [
        Put(path=str(paths[0]), content=("",), owner="nobody", group="nogroup"),
        Put(path=str(paths[1]), content=("",), group="nogroup"),
        Put(path=str(paths[2]), content=("x",)),
    ]
    assert session.change(change(lease, *puts)).state == "done"
    assert [(p.owner(), p.group()) for p in paths] == [("nobody", "nogroup"), ("root", "nogroup"), ("root", "root")]


def test_a_link_or_a_directory_is_not_written_over(any_far: Far) -> None:
    session, lease = any_far.held()
    (any_far.directory / "link").symlink_to("elsewhere")
    (any_far.directory / "directory").mkdir()
    for at, name in enumerate(["link", "directory", "missing/file"]):
        reply = session.change(change(lease, Put(path=str(any_far.directory / name), content=("x",)), id=f"c{at}"))
        assert reply.state == "failed", name
    assert not (any_far.directory / "elsewhere").exists()
    assert not list((any_far.directory / "directory").iterdir())


@pytest.mark.parametrize("path", ["relative", "/", "/tmp/", ""])
def test_only_an_absolute_path_of_a_file_can_be_written(far: Far, path: str) -> None:
    session, lease = far.held()
    with pytest.raises(Invalid):
        session.change(change(lease, Put(path=path, content=("x",))))
