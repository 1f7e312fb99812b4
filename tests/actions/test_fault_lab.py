"""Faults for drills on a real host: units that stop and hang, a disk that fills; each is taken back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Host, Json
from tests.actions import kit
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import LabHost

BALLAST = "/srv/data/log/ballast.log.1"
SHORT = [p for p in kit.PROOFS if p is not kit.killed_inside_an_operation_it_converges]
PIDS = "systemctl show -p MainPID --value app"


@pytest.fixture
def there(lab_host: LabHost) -> Iterator[FarEnd]:
    """The far end inside the test host; afterwards app runs and nothing of a drill lies there."""
    lab_host.sh("mkdir -pm 700 /run/remedy")
    yield far_end_in(lab_host)
    lab_host.sh(
        "rm -rf /run/remedy /srv/data/log/ballast*; systemctl kill -s CONT app || :;"
        " systemctl reset-failed app; systemctl restart app"
    )


def unit_scene(lab_host: LabHost, name: str) -> Scene:
    """app runs, or is as the fault leaves it."""
    breaks = {"fault.service_stop": "systemctl stop app", "fault.service_hang": "systemctl kill -s STOP app"}[name]
    whole = "systemctl kill -s CONT app 2>/dev/null; systemctl reset-failed app; systemctl start app"
    state = f"systemctl is-active app; cut -d' ' -f3 /proc/$({PIDS})/stat 2>/dev/null | tr -d RSD"

    def whole_again(_: Ground) -> None:
        lab_host.sh(whole)

    def broken(_: Ground) -> None:
        lab_host.sh(f"{breaks}; until systemctl is-active -q app || true; do sleep 0.1; done; sleep 0.2")

    return Scene(
        name,
        name,
        lambda _: {"unit": "app"},
        whole_again,
        broken,
        lambda _: lab_host.sh(f"{state} || :"),
    )


@pytest.mark.parametrize("name", ["fault.service_stop", "fault.service_hang"])
@pytest.mark.parametrize("proof", SHORT, ids=lambda p: p.__name__)
def test_the_kit_on_units(
    proof: Callable[[Played], None],
    name: str,
    there: FarEnd,
    lab_host: LabHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    proof(play(unit_scene(lab_host, name), Ground(tmp_path, tmp_path), there, catalogue, host))


def disk_scene(lab_host: LabHost) -> Scene:
    """The disk has room, or is full to the last percent."""
    params: dict[str, Json] = {"file": BALLAST, "below": "5%", "aged": "30d"}

    def has_room(_: Ground) -> None:
        lab_host.sh(f"rm -f {BALLAST} /srv/data/ballast.bin")

    free = "$(( $(stat -f -c '%a * 100 / (%b - %f + %a)' /srv/data) ))"
    return Scene(
        "fault.disk_fill",
        "fault.disk_fill",
        lambda _: params,
        has_room,
        lambda _: lab_host.fill(97),
        lambda _: lab_host.sh(f"ls /srv/data/log/ballast* 2>/dev/null; [ {free} -lt 5 ] && echo full; true"),
    )


@pytest.mark.parametrize(
    "proof",
    [p if p in SHORT else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS],
    ids=lambda p: p.__name__,
)
def test_the_kit_on_a_disk(
    proof: Callable[[Played], None], there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host, tmp_path: Path
) -> None:
    proof(play(disk_scene(lab_host), Ground(tmp_path, tmp_path), there, catalogue, host))
    lab_host.sh("rm -f /srv/data/ballast.bin")


class Filled:
    """One filling of the disk, planned and done."""

    def __init__(self, end: FarEnd, catalogue: Catalogue, host: Host, **params: Json) -> None:
        given: dict[str, Json] = {"file": BALLAST, "below": "5%", **params}
        self.end, self.host, self.action = end, host, catalogue.action("fault.disk_fill", given)
        reply = end.look(self.action.look(host))
        assert reply.answered, reply.error
        change = self.action.plan(self.action.see(reply))
        assert change is not None
        self.change = change
        for operation in change.operations:
            done = end.act(operation)
            assert done.returncode == 0, done.stderr

    def take_back(self) -> None:
        assert self.change.undo.kind == "operations"
        for operation in self.change.undo.operations:
            assert self.end.act(operation).returncode == 0


def test_the_ballast_is_as_old_as_it_is_to_seem_and_something_stays_free(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    Filled(there, catalogue, host, aged="30d")
    assert 95 <= lab_host.used_percent() <= 98
    assert lab_host.sh(f"find {BALLAST} -mtime +29 -mtime -31").strip() == BALLAST


def test_fault_079_what_is_no_ballast_any_more_is_not_taken_away(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    filled = Filled(there, catalogue, host)
    for other in ("echo mine >", "rm -f {0}; ln -s /etc/passwd ", "rm -f {0}; mkdir "):
        lab_host.sh(f"{other.format(BALLAST)}{BALLAST}")
        filled.take_back()
        assert lab_host.sh(f"ls -d {BALLAST}").strip() == BALLAST
    lab_host.sh(f"rmdir {BALLAST}")
    filled.take_back()


def test_fault_079_the_filesystem_of_the_host_itself_is_refused(
    there: FarEnd, catalogue: Catalogue, host: Host
) -> None:
    with pytest.raises(Refused, match="filesystem of /"):
        Filled(there, catalogue, host, file="/var/log/ballast")


def test_a_hanging_unit_that_was_restarted_is_whole_again(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    action = catalogue.action("fault.service_hang", {"unit": "app"})
    before = action.see(there.look(action.look(host)))
    change = action.plan(before)
    assert change is not None
    assert there.act(change.operations[0]).returncode == 0
    assert "hangs" in action.restored(before, action.see(there.look(action.look(host))))
    lab_host.sh("systemctl restart app")
    assert action.restored(before, action.see(there.look(action.look(host)))) == ""
