"""pg.terminate on a real PostgreSQL: exactly the sessions that were listed, while they are what they were."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Host, Json, Reply
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.test_by_hand import typed
from tests.lab import Postgres, Sessions

IN_TRANSACTION = "begin; select 1;"
LATER_S = 3600  # the moment that ages are counted to: everything is old by then
HOSTILE = "x'; select pg_terminate_backend(pid) from pg_stat_activity --"


@pytest.fixture
def end(postgres: Postgres, tmp_path: Path) -> FarEnd:
    found = far_end_of("dash", tmp_path)
    assert found is not None
    return replace(found, path=f"{postgres.programs}:{found.path}")


class Ending(Acting):
    """A pg.terminate to which everything is old."""

    def reply(self) -> Reply:
        reply = self.end.look(self.action.look(self.host).pinned(int(time.time()) + LATER_S))
        assert reply.answered, reply.error
        return reply

    def pids(self) -> list[int]:
        change = self.plan()
        calls = change.operations if change else ()
        return sorted(int(item.split("\t")[0]) for call in calls for item in getattr(call, "items", ()))


Make = Callable[..., Ending]


@pytest.fixture
def ending(end: FarEnd, postgres: Postgres, catalogue: Catalogue, host: Host) -> Make:
    def make(**params: Json) -> Ending:
        place: dict[str, Json] = {"host": postgres.socket, "port": postgres.port}
        return Ending(end, catalogue.action("pg.terminate", {**place, "of_user": "postgres", **params}), host)

    return make


def alive(postgres: Postgres) -> list[int]:
    ours = "backend_type = 'client backend' and pid <> pg_backend_pid()"
    return sorted(int(pid) for pid in postgres.sql(f"select pid from pg_stat_activity where {ours}").split())


def left(postgres: Postgres, wanted: list[int]) -> list[int]:
    """Who is there, once it is as wanted or some seconds are over: a session ends a moment after its client."""
    deadline_s = time.monotonic() + 5
    while (found := alive(postgres)) != sorted(wanted) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return found


def test_those_listed_end_and_no_other(ending: Make, sessions: Sessions, postgres: Postgres) -> None:
    held, moved = sessions.open(IN_TRANSACTION), sessions.open(IN_TRANSACTION)
    idle, ours, dump = (
        sessions.open(),
        sessions.open(IN_TRANSACTION, "remedy"),
        sessions.open(IN_TRANSACTION, "pg_dump"),
    )
    postgres.wait_until(moved, "state = 'idle in transaction'")
    action = ending(idle_in_transaction="10m")
    before = action.see()
    change = action.wanted()
    assert action.pids() == sorted([held, moved])
    client = sessions.clients[1]
    assert client.stdin
    client.stdin.write("select 2;\n")  # it goes on working before the plan is applied
    client.stdin.flush()
    time.sleep(0.5)
    done = action.end.act(change.operations[0])
    assert done.returncode == 0, done.stderr
    there = [moved, idle, ours, dump]
    assert left(postgres, there) == sorted(there)
    assert action.action.verify(before, action.see()) == ""


def test_a_superuser_is_left_alone_unless_named(ending: Make, sessions: Sessions, postgres: Postgres) -> None:
    boss, app = sessions.open(IN_TRANSACTION), sessions.open(IN_TRANSACTION, user="app")
    postgres.wait_until(app, "state = 'idle in transaction'")
    assert ending(idle_in_transaction="10m", of_user="").pids() == [app]
    assert ending(idle_in_transaction="10m", of_user="app").pids() == [app]
    assert ending(idle_in_transaction="10m").pids() == [boss]


def test_fault_013_whatever_is_looked_for_is_a_value(ending: Make, sessions: Sessions, postgres: Postgres) -> None:
    named, other = sessions.open("", HOSTILE), sessions.open()
    assert ending(idle="10m", application=HOSTILE).pids() == [named]
    for name in ("application", "of_user", "of_database"):
        assert ending(idle="10m", **{name: "'; drop database shop; --\n\\q"}).pids() == []
    assert left(postgres, [named, other]) == sorted([named, other])


def test_an_active_query_is_cancelled_and_only_if_it_goes_on_its_session_ends(
    ending: Make, sessions: Sessions, postgres: Postgres
) -> None:
    deaf = (
        "do $$ begin loop begin perform pg_sleep(30); exception when query_canceled then null; end; end loop; end $$;"
    )
    hearing, stubborn = sessions.open("select pg_sleep(60);"), sessions.open(deaf)
    for pid in (hearing, stubborn):
        postgres.wait_until(pid, "state = 'active'")
    action = ending(active="1m")
    done = action.end.act(action.wanted().operations[0])
    assert done.returncode == 0, done.stderr
    if hearing in alive(postgres):  # psql may have gone on its own after the error
        postgres.wait_until(hearing, "state = 'idle'")
    assert stubborn not in alive(postgres)
    assert action.pids() == []


def test_only_while_more_are_used_and_never_more_than_the_cap(ending: Make, sessions: Sessions) -> None:
    for _ in range(3):
        sessions.open()
    assert ending(idle="1m", only_above="20%").pids() == []
    assert len(ending(idle="1m", only_above="17%").pids()) == 3
    with pytest.raises(Refused, match=r"3 sessions of .* match, and at_most is 2"):
        ending(idle="1m", at_most=2).wanted()


def test_fault_084_another_cluster_than_the_plans_is_left_alone(
    ending: Make, sessions: Sessions, postgres: Postgres
) -> None:
    pid = sessions.open()
    action = ending(idle="1m")
    (call,) = action.wanted().operations
    *place, _, cancel = call.args  # type: ignore[union-attr] # a Call
    done = action.end.act(replace(call, args=(*place, "1", cancel)))  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (1, b"it is another PostgreSQL by now; nothing was done\n")
    assert left(postgres, [pid]) == [pid]


def test_typed_by_hand_it_ends_the_same(ending: Make, sessions: Sessions, postgres: Postgres) -> None:
    sessions.open(), sessions.open(IN_TRANSACTION)
    change = ending(idle="1m", idle_in_transaction="1m").wanted()
    said = typed(lines_of(type(ending(idle="1m").action), change.operations))
    assert said.returncode == 0, said.stderr
    time.sleep(0.3)
    assert left(postgres, []) == []


SAMPLE = (kit.acting_twice_changes_nothing, kit.a_healthy_host_is_left_alone)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_sessions(
    proof: Callable[[Played], None],
    end: FarEnd,
    sessions: Sessions,
    postgres: Postgres,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    def sick(_: Ground) -> None:
        sessions.close()
        for statement, name in (("", "idle"), (IN_TRANSACTION, "one"), (IN_TRANSACTION, "two")):
            sessions.open(statement, name)
        postgres.wait_until(sessions.open("", "last"), "state = 'idle'")

    def healthy(_: Ground) -> None:
        sessions.close()
        sessions.open("", "idle")

    names = (  # a session of remedy's own whose client was killed is gone once its server notices
        "select application_name from pg_stat_activity where backend_type = 'client backend'"
        " and application_name <> 'remedy'"
    )
    place: dict[str, Json] = {"host": postgres.socket, "port": postgres.port}
    scene = Scene(
        "pg.terminate",
        "pg.terminate",
        lambda _: {**place, "idle_in_transaction": "10m", "of_user": "postgres"},
        sick,
        healthy,
        lambda _: sorted(postgres.sql(f"{names} and pid <> pg_backend_pid()").split()),
    )
    played = play(scene, Ground(tmp_path, tmp_path), end, catalogue, host)
    at_once: dict[str, Json] = {"idle_in_transaction": "1s"}
    later_s = int(time.time()) + LATER_S
    proof(replace(played, now=later_s, cut_every_s=0.06, at_once=at_once, ripe_s=2))
