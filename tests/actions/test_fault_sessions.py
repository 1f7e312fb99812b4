"""Faults for drills on a real PostgreSQL: its connections taken, a query that runs long; each ends by itself."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.test_by_hand import typed
from tests.lab import Postgres, Sessions

OURS = "select count(*) from pg_stat_activity where application_name like 'drill-by-remedy:%'"


@pytest.fixture
def end(postgres: Postgres, tmp_path: Path) -> FarEnd:
    found = far_end_of("dash", tmp_path)
    assert found is not None
    return replace(found, path=f"{postgres.programs}:{found.path}")


def wait_for(postgres: Postgres, count: str) -> None:
    """Until there are so many sessions of a drill."""
    deadline = time.monotonic() + 60
    while postgres.sql(OURS) != count:
        assert time.monotonic() < deadline
        time.sleep(0.2)


Make = Callable[..., Acting]


@pytest.fixture
def fault(end: FarEnd, postgres: Postgres, catalogue: Catalogue, host: Host) -> Make:
    def make(name: str, **params: Json) -> Acting:
        given: dict[str, Json] = {"host": postgres.socket, "port": postgres.port, "lasts": "60s", **params}
        return Acting(end, catalogue.action(f"fault.{name}", given), host)

    return make


def test_a_flood_leaves_no_connection_but_those_of_superusers_and_goes_without_a_trace(
    fault: Make, postgres: Postgres, sessions: Sessions, end: FarEnd, catalogue: Catalogue, host: Host
) -> None:
    other = sessions.open()
    flood = fault("connections_flood", sessions=100)
    change = flood.apply()
    assert int(postgres.sql(OURS)) in (15, 16), "of 20, 3 are kept and 1 is somebody's"
    check = catalogue.check("pg.connections", {"host": postgres.socket, "port": postgres.port, "above": "90%"})
    assert check.judge(end.look(check.look(host))).answer is Answer.OK
    flood.undo(change)
    assert postgres.sql(OURS) == "0"
    assert postgres.sql(f"select count(*) from pg_stat_activity where pid = {other}") == "1"
    flood.undo(change)


@pytest.mark.long
def test_it_ends_by_itself(fault: Make, postgres: Postgres) -> None:
    flood = fault("connections_flood", sessions=2, lasts="5s")
    flood.apply()
    wait_for(postgres, "0")
    assert flood.plan() is not None


def test_a_query_runs_and_whoever_would_write_waits(
    fault: Make, postgres: Postgres, sessions: Sessions, end: FarEnd, catalogue: Catalogue, host: Host
) -> None:
    postgres.sql('create table "t.T" (a int)')
    slow = fault("slow_query", table="t.T")
    change = slow.apply()
    waiting = sessions.open('insert into "t.T" values (1);')
    postgres.wait_until(waiting, "wait_event_type = 'Lock'")
    check = catalogue.check("pg.slow", {"host": postgres.socket, "port": postgres.port, "longer_than": "5s"})
    assert check.judge(end.look(check.look(host).pinned(int(time.time()) + 60))).answer is Answer.NOT_OK
    slow.undo(change)
    postgres.wait_until(waiting, "state = 'idle'")
    postgres.sql('drop table "t.T"')


def test_what_is_down_is_not_broken_further(fault: Make, postgres: Postgres) -> None:
    flood = fault("connections_flood", sessions=1)
    change = flood.wanted()
    postgres.stop("fast")
    try:
        with pytest.raises(Refused, match="does not accept connections"):
            flood.plan()
        flood.undo(change)
    finally:
        postgres.start()


def test_typed_by_hand_it_is_the_same(fault: Make, postgres: Postgres) -> None:
    flood, slow = fault("connections_flood", sessions=2), fault("slow_query")
    for shop, count in ((flood, "2"), (slow, "1")):
        change = shop.wanted()
        assert isinstance(change.undo, UndoBy)
        said = typed(lines_of(type(shop.action), change.operations))
        assert said.returncode == 0, said.stderr
        wait_for(postgres, count)
        said = typed(lines_of(type(shop.action), change.undo.operations))
        assert said.returncode == 0, said.stderr
        wait_for(postgres, "0")


PARAMS: dict[str, dict[str, Json]] = {"fault.connections_flood": {"sessions": 3}, "fault.slow_query": {}}
SAMPLE = (kit.a_healthy_host_is_left_alone, kit.undo_brings_back_what_was_seen)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("name", [*PARAMS])
def test_the_kit_on_sessions_of_a_drill(
    proof: Callable[[Played], None],
    name: str,
    end: FarEnd,
    postgres: Postgres,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    place: dict[str, Json] = {"host": postgres.socket, "port": postgres.port, "lasts": "60s"}

    def whole(_: Ground) -> None:
        Acting(end, played.action, host).undo(change)

    def broken(_: Ground) -> None:
        whole(_)
        played.finish()

    def state(_: Ground) -> object:
        return int(postgres.sql(OURS)) > 0

    scene = Scene(name, name, lambda _: {**place, **PARAMS[name]}, whole, broken, state)
    played = play(scene, Ground(tmp_path, tmp_path), end, catalogue, host)
    change = Acting(end, played.action, host).wanted()
    proof(replace(played, cut_every_s=0.06))
    whole(played.ground)
