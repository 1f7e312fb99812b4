"""No traceback ever reaches a user, and a home that cannot be trusted is not used."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.cli.edge import run
from remedy.cli.home import find_home
from remedy.cli.world import World
from remedy.errors import Invalid, Unsafe
from remedy.ports import Transport
from tests.cli.conftest import Bench

SECRET_PATH = "/srv/very-private"


def broken(bench: Bench, error: BaseException) -> tuple[int, str, str]:
    """The end of a command in which something nobody foresaw is raised."""

    def connect(_: object) -> Transport:
        local = SECRET_PATH
        raise error if local else RuntimeError

    out, err = io.StringIO(), io.StringIO()
    world = World(stdout=out, stderr=err, stdin=io.StringIO(), environ={}, cwd=bench.path, connect=connect)
    argv = ["plan", "disk-full", "--host", "test1", "-p", f"mount={SECRET_PATH}", "--json"]
    return run(argv, world), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("error", [ZeroDivisionError(SECRET_PATH), RecursionError(), MemoryError(), KeyError("x")])
def test_a_bug_of_ours_ends_with_70_and_a_report_without_values(bench: Bench, error: Exception) -> None:
    bench.plan()

    code, out, err = broken(bench, error)

    assert (code, '"kind": "bug"' in out, "Traceback" in out + err) == (70, True, False)
    (report,) = (bench.path / ".remedy/crashes").iterdir()
    text = report.read_text()
    assert type(error).__name__ in text
    assert "remedy/cli/wiring.py" in text
    assert "command: plan --host --json -p" in text
    assert SECRET_PATH not in text + out + err
    assert report.stat().st_mode & 0o777 == 0o600


def test_an_interrupted_command_says_so(bench: Bench) -> None:
    code, out, _ = broken(bench, KeyboardInterrupt())

    assert (code, '"interrupted"' in out) == (4, True)


def test_a_reader_that_has_gone_is_no_error(bench: Bench) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    world = World(stdout=Gone(), stderr=Gone(), stdin=io.StringIO(), environ={}, cwd=bench.path)

    assert run(["list", "hosts"], world) == 0


def test_a_closed_terminal_does_not_end_a_run(bench: Bench) -> None:
    class Gone(io.StringIO):
        def isatty(self) -> bool:
            raise ValueError

        def write(self, _: str) -> int:
            raise OSError(5, "gone")

    done = replace(bench)
    world = World(
        stdout=io.StringIO(),
        stderr=Gone(),
        stdin=io.StringIO(),
        environ={},
        cwd=bench.path,
        clock=done.clock,
        connect=lambda _: _transport(done),
    )

    assert run(["apply", "disk-full", "--host", "test1", "--yes", "--json"], world) == 0
    assert bench.mutations == 1


def _transport(bench: Bench) -> Transport:
    from remedy.hosts.fake import FakeTransport  # noqa: PLC0415 — the one place that needs it

    return FakeTransport(bench.hosts)


# ---------------------------------------------------------------- the home


def test_the_home_is_named_by_option_then_by_environment_then_by_place(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name / "inventory").mkdir(parents=True, mode=0o755)
        (tmp_path / name).chmod(0o755)
    environ = {"REMEDY_HOME": str(tmp_path / "b")}

    assert find_home("a", environ, tmp_path).path == tmp_path / "a"
    assert find_home("", environ, tmp_path / "c").path == tmp_path / "b"
    assert find_home("", {}, tmp_path / "c").path == tmp_path / "c"


@pytest.mark.parametrize("asked", ["", "nowhere", "a\0b"])
def test_without_a_home_it_says_how_to_name_one(tmp_path: Path, asked: str) -> None:
    with pytest.raises(Invalid) as refused:
        find_home(asked, {}, tmp_path)

    assert "-C DIR" in refused.value.fix


@pytest.mark.parametrize("part", ["", "inventory", "playbooks"])
def test_fault_100_a_home_that_others_can_write_is_not_used(bench: Bench, part: str) -> None:
    (bench.path / part).chmod(0o777)

    with pytest.raises(Unsafe):
        find_home("", {}, bench.path)
    assert bench("plan", "disk-full", "--host", "test1").code == 2
    assert bench.connections == 0


def test_validate_of_a_path_needs_no_home(bench: Bench, tmp_path: Path) -> None:
    world = World(stdout=io.StringIO(), stderr=io.StringIO(), stdin=io.StringIO(), environ={}, cwd=tmp_path)

    assert run(["validate", str(bench.path / "playbooks/disk-full.yml")], world) == 0
