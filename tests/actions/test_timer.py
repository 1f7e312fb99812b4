"""Timers on the host: what is changed for a while is put back there, whatever became of who changed it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from remedy.actions.action import Action
from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.actions.host.timer import disarm, for_a_while
from remedy.model import Answer, Call, Change, Host, Json, Judgement, Operation
from tests.actions.far_end import FarEnd, far_end_in
from tests.lab import LabHost

HOSTILE = "-rf new\nline\n\n$(x) 'q' \\ *"
LATEST_S = 100  # seconds are asked for; the machine may be busy, and another run may hold the host's lock


@dataclass(frozen=True)
class Timed:
    """A directory that is made for a while on one far end."""

    end: FarEnd
    action: Action[Any]
    host: Host
    catalogue: Catalogue
    key: str

    def change(self, after_s: int) -> Change:
        reply = self.end.look(self.action.look(self.host))
        assert reply.answered, reply.error
        change = self.action.plan(self.action.see(reply))
        assert change is not None
        return for_a_while(change, self.key, after_s)

    def make(self) -> None:
        """The change, for a while that did not end before it was made, however busy the machine is.

        On a host, a timer waits for the lock of the run that armed it; here nothing holds that.
        """
        for after_s in (2, 6, 20, 60):
            began_s, change = time.monotonic(), self.change(after_s)
            self.act(*change.operations)
            if time.monotonic() - began_s < after_s - 1:
                return
            assert change.undo.kind == "operations"
            self.act(*change.undo.operations)
        pytest.fail("a minute is not enough for two operations")

    def act(self, *operations: Operation) -> None:
        for operation in operations:
            done = self.end.act(operation)
            assert done.returncode == 0, (done.stdout, done.stderr)

    def timer(self) -> Judgement:
        check = self.catalogue.check("timer.armed", {"key": self.key})
        reply = self.end.look(check.look(self.host))
        assert reply.answered, reply.error
        return check.judge(reply)


Timing = Callable[..., Timed]


@pytest.fixture
def timing(catalogue: Catalogue, host: Host) -> Iterator[Timing]:
    """Timers whose keys are this test's own; none is left behind."""
    made: list[Timed] = []

    def make(end: FarEnd, path: str, *, boots: bool = False) -> Timed:
        action: Action[Any] = catalogue.action("dir.make", {"path": path, "mode": "0750"})
        if boots:  # a directory of a container may have another device number after a boot: it is told by its name
            by_name: dict[str, Json] = {"inject": ["mkdir", path], "restore": ["rmdir", path]}
            action = catalogue.action("fault.command", {**by_name, "broken": ["test", "-d", path]})
        made.append(Timed(end, action, host, catalogue, f"dir:{token_hex(4)} {HOSTILE}"))
        return made[-1]

    yield make
    for timed in made:
        timed.act(disarm(timed.key))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LATEST_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


# ---------------------------------------------------------------- a process of its own


@pytest.mark.shells
def test_what_is_changed_for_a_while_is_put_back_and_nothing_is_left(
    far_end: FarEnd, timing: Timing, tmp_path: Path
) -> None:
    timed = timing(far_end, f"{tmp_path}/{HOSTILE}")
    timed.make()
    wait_until(lambda: not (tmp_path / HOSTILE).exists())
    wait_until(lambda: timed.timer().says.startswith("no timer puts back"))


@pytest.mark.shells
def test_an_undo_takes_it_back_at_once_and_ends_what_waits(far_end: FarEnd, timing: Timing, tmp_path: Path) -> None:
    timed = timing(far_end, f"{tmp_path}/made")
    change = timed.change(3600)
    timed.act(*change.operations)
    armed = timed.timer()
    assert armed.answer is Answer.OK
    assert "what was made is removed again" in armed.says
    waiting = [p for p in _processes() if "/timers/" in p and "wait" in p]
    assert change.undo.kind == "operations"
    timed.act(*change.undo.operations)
    assert not (tmp_path / "made").exists()
    assert timed.timer().answer is Answer.NOT_OK
    wait_until(lambda: len([p for p in _processes() if "/timers/" in p and "wait" in p]) < len(waiting))


@pytest.mark.shells
def test_cut_off_before_the_change_it_puts_back_what_was_never_changed(
    far_end: FarEnd, timing: Timing, tmp_path: Path
) -> None:
    timed = timing(far_end, f"{tmp_path}/made")
    timed.act(timed.change(1).operations[0])
    wait_until(lambda: timed.timer().says.startswith("no timer puts back"))
    assert not (tmp_path / "made").exists()


@pytest.mark.shells
def test_one_thing_has_one_timer_and_the_last_one_counts(far_end: FarEnd, timing: Timing, tmp_path: Path) -> None:
    timed = timing(far_end, f"{tmp_path}/made")
    timed.act(timed.change(3600).operations[0])
    timed.make()
    wait_until(lambda: not (tmp_path / "made").exists())


# ---------------------------------------------------------------- systemd


def test_systemd_starts_it_and_forgets_it(lab_host: LabHost, timing: Timing) -> None:
    timed = timing(far_end_in(lab_host), "/srv/data/made")
    timed.make()
    assert "remedy-" in lab_host.sh("systemctl list-timers --all --no-pager")
    wait_until(lambda: "none" in lab_host.sh("[ -e /srv/data/made ] || echo none"))
    wait_until(lambda: "remedy-" not in lab_host.sh("ls /etc/systemd/system /etc/systemd/system/timers.target.wants"))
    assert timed.timer().answer is Answer.NOT_OK


@pytest.mark.long
def test_a_boot_that_comes_too_late_puts_it_back(fresh_lab_host: LabHost, timing: Timing) -> None:
    timed = timing(far_end_in(fresh_lab_host), "/var/lib/made", boots=True)
    timed.act(*timed.change(5).operations)
    fresh_lab_host.engine.docker("stop", "--time", "1", fresh_lab_host.container)
    time.sleep(6)
    fresh_lab_host.engine.docker("start", fresh_lab_host.container)
    wait_until(lambda: "none" in fresh_lab_host.sh("[ -e /var/lib/made ] || echo none"))


@pytest.mark.long
def test_a_boot_in_the_middle_of_putting_back_puts_it_back_too(fresh_lab_host: LabHost, timing: Timing) -> None:
    timed = timing(far_end_in(fresh_lab_host), "/var/lib/made", boots=True)
    fresh_lab_host.sh("mkdir -p /run/remedy; setsid flock /run/remedy/host.lock sleep 600 >/dev/null 2>&1 </dev/null &")
    timed.act(*timed.change(1).operations)
    wait_until(lambda: "activating" in fresh_lab_host.sh("systemctl show --property=ActiveState 'remedy-*.service'"))
    time.sleep(2)  # it is due by now, and waits for its turn
    fresh_lab_host.engine.docker("stop", "--time", "0", fresh_lab_host.container)
    fresh_lab_host.engine.docker("start", fresh_lab_host.container)
    wait_until(lambda: "none" in fresh_lab_host.sh("[ -e /var/lib/made ] || echo none"))


@pytest.mark.long
def test_a_boot_before_it_is_due_leaves_it_armed(fresh_lab_host: LabHost, timing: Timing) -> None:
    timed = timing(far_end_in(fresh_lab_host), "/var/lib/made", boots=True)
    timed.act(*timed.change(3600).operations)
    fresh_lab_host.engine.docker("restart", "--time", "0", fresh_lab_host.container)
    began = "systemctl show --property=LastTriggerUSec --value 'remedy-*.timer' 2>&1 || :"
    wait_until(lambda: "UTC" in fresh_lab_host.sh(began))  # the boot has started it
    assert timed.timer().answer is Answer.OK
    fresh_lab_host.sh("[ -d /var/lib/made ]")


def test_one_that_did_not_run_and_one_that_failed_are_told(lab_host: LabHost, timing: Timing) -> None:
    timed = timing(far_end_in(lab_host), "/srv/data/made")
    timed.act(timed.change(3600).operations[0])
    place = Path(lab_host.sh("ls -d /var/lib/remedy/timers/*").strip())
    began = f"systemctl show --property=ExecMainExitTimestampMonotonic --value remedy-{place.name}.service"
    wait_until(lambda: int(lab_host.sh(began)) > 0)  # arming it runs it once, as a boot does: it would be due by now
    lab_host.sh(f"echo 12 >{place}/due")
    assert "did not run" in timed.timer().says
    state = timed.catalogue.check("host.state", {})
    facts = state.judge(timed.end.look(state.look(timed.host))).facts["timers"]
    assert isinstance(facts, list)
    assert isinstance(facts[0], dict)
    assert {name: facts[0][name] for name in ("state", "due")} == {"state": "overdue", "due": 12}
    lab_host.sh(f"date +%s >{place}/failed")
    assert "failed" in timed.timer().says


# ---------------------------------------------------------------- as data


def test_the_plan_says_when_it_is_put_back_and_by_hand_a_person_is_reminded(
    far_end: FarEnd, timing: Timing, tmp_path: Path
) -> None:
    change = timing(far_end, f"{tmp_path}/made").change(7200)
    assert "put back 2 h later by the host itself" in change.lines[-1]
    assert isinstance(change.operations[0], Call)
    lines = lines_of(type(timing(far_end, f"{tmp_path}/made").action), change.operations)
    assert lines[1].startswith("echo 'to be put back: ")


def _processes() -> list[str]:
    """The command lines of this machine's processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
