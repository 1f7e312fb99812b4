"""pg.vacuum on a real PostgreSQL: the tables that are due, nobody kept waiting, nobody waited for."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Call, Host, Json
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.test_by_hand import typed
from tests.lab import Postgres, Sessions

HOSTILE = "o'dd \"name\\; drop table t"  # of a table
MADE = f"""
create table t (a int); create table "{HOSTILE.replace('"', '""')}" (a int); create table small (a int);
alter table t set (autovacuum_enabled = off);
"""
DIRTY = ("truncate {0}", "vacuum {0}", "insert into {0} select generate_series(1, 400); delete from {0} where a <= 200")
OPEN = "begin isolation level repeatable read; select 1;"


@pytest.fixture
def end(postgres: Postgres, tmp_path: Path) -> FarEnd:
    found = far_end_of("dash", tmp_path)
    assert found is not None
    return replace(found, path=f"{postgres.programs}:{found.path}")


@pytest.fixture(autouse=True)
def dirty(postgres: Postgres) -> Iterator[None]:
    """Two tables of which half is dead, and a small one."""
    postgres.sql(MADE, "shop")
    sully(postgres)
    postgres.sql("insert into small values (1); delete from small", "shop")
    yield
    postgres.sql("drop schema public cascade; create schema public", "shop")


def sully(postgres: Postgres) -> None:
    for name in ("t", '"{}"'.format(HOSTILE.replace('"', '""'))):
        for statement in DIRTY:  # a session counts what it did at its end
            postgres.sql(statement.format(name), "shop")
    while dead(postgres)["t"] != 200:
        time.sleep(0.05)


def dead(postgres: Postgres) -> dict[str, int]:
    rows = postgres.sql("select relname || chr(9) || n_dead_tup from pg_stat_user_tables", "shop").splitlines()
    return {name: int(count) for name, _, count in (row.rpartition("\t") for row in rows)}


Make = Callable[..., Acting]


@pytest.fixture
def vacuum(end: FarEnd, postgres: Postgres, catalogue: Catalogue, host: Host) -> Make:
    def make(**params: Json) -> Acting:
        place: dict[str, Json] = {"host": postgres.socket, "port": postgres.port, "database": "shop"}
        return Acting(end, catalogue.action("pg.vacuum", {**place, "dead_rows": 100, **params}), host)

    return make


def test_those_that_are_due_are_vacuumed_and_no_other(vacuum: Make, postgres: Postgres) -> None:
    change = vacuum().apply()
    assert dead(postgres) == {"t": 0, HOSTILE: 0, "small": 1}
    assert change.effect.measures == {"tables": 2, "rows": 400}
    assert vacuum().plan() is None
    assert vacuum(dead_above="50%", dead_rows=1).wanted().title.startswith("vacuum 1 table"), "all of small is dead"


def test_fault_013_a_table_of_any_name_is_found_by_it(vacuum: Make, postgres: Postgres) -> None:
    vacuum(tables=[f"public.{HOSTILE}"]).apply()
    assert dead(postgres) == {"t": 200, HOSTILE: 0, "small": 1}
    with pytest.raises(Refused, match="has no table none, t; drop"):
        vacuum(tables=["t; drop", "none", "t"]).plan()


def test_only_its_statistics(vacuum: Make, postgres: Postgres) -> None:
    vacuum(what="analyze", tables=["t"]).apply()
    assert dead(postgres)["t"] == 200
    assert vacuum(what="analyze", tables=["t"]).plan() is None


def test_an_open_transaction_forbids_it_while_it_is_old(vacuum: Make, sessions: Sessions, postgres: Postgres) -> None:
    pid = sessions.open(OPEN)
    postgres.wait_until(pid, "state = 'idle in transaction'")
    assert vacuum().plan() is not None, "of another database"
    pid = sessions.open(OPEN, database="shop")
    postgres.wait_until(pid, "state = 'idle in transaction'")
    assert vacuum(oldest_transaction="1h").plan() is not None
    time.sleep(2.1)  # ages are whole seconds
    with pytest.raises(Refused, match=f"is held by a transaction: process {pid}, open since .* \\(postgres\\)"):
        vacuum(oldest_transaction="1s").plan()
    assert vacuum(oldest_transaction="1s", what="analyze").plan() is not None


def test_what_somebody_has_locked_is_left_out_and_nothing_waits(
    vacuum: Make, sessions: Sessions, postgres: Postgres
) -> None:
    action = vacuum()
    change = action.wanted()
    pid = sessions.open("begin; lock table t in share mode;", database="shop")
    postgres.wait_until(pid, "state = 'idle in transaction'")
    done = action.end.act(change.operations[0])
    assert (done.returncode, done.stderr) == (1, b"left out, for somebody holds a lock on it: public.t\n")
    assert dead(postgres) == {"t": 200, HOSTILE: 0, "small": 1}


def test_one_that_takes_too_long_is_given_up(vacuum: Make, postgres: Postgres) -> None:
    slow = "select case when current_setting('application_name') = 'remedy' then pg_sleep(0.05)::text end || $1"
    postgres.sql(f"create function slow(int) returns text language sql immutable as $$ {slow} $$", "shop")
    postgres.sql("create index on t (slow(a))", "shop")
    action = vacuum(each_within="1s", tables=["t"])
    done = action.end.act(action.wanted().operations[0])
    assert (done.returncode, b"canceling statement due to statement timeout" in done.stderr) == (1, True)


def test_fault_084_another_cluster_than_the_plans_is_left_alone(vacuum: Make, postgres: Postgres) -> None:
    action = vacuum()
    (call,) = action.wanted().operations
    assert isinstance(call, Call)
    *place, _, what, seconds = call.args
    done = action.end.act(replace(call, args=(*place, "1", what, seconds)))
    assert (done.returncode, done.stderr) == (1, b"it is another PostgreSQL by now; nothing was done\n")
    assert dead(postgres)["t"] == 200


def test_whoever_does_not_own_it_is_told_so(vacuum: Make) -> None:
    found = vacuum(user="app", tables=["t"])
    reply = found.end.look(found.action.look(found.host))
    assert (reply.rc, "needs pg_read_all_stats" in reply.error) == (3, True)


def test_typed_by_hand_it_ends_the_same(vacuum: Make, postgres: Postgres) -> None:
    said = typed(lines_of(type(vacuum().action), vacuum().wanted().operations))
    assert said.returncode == 0, said.stderr
    assert dead(postgres) == {"t": 0, HOSTILE: 0, "small": 1}


SAMPLE = (kit.acting_twice_changes_nothing, kit.a_healthy_host_is_left_alone)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_tables(
    proof: Callable[[Played], None],
    end: FarEnd,
    postgres: Postgres,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    place: dict[str, Json] = {"host": postgres.socket, "port": postgres.port, "database": "shop", "dead_rows": 100}
    scene = Scene(
        "pg.vacuum",
        "pg.vacuum",
        lambda _: place,
        lambda _: sully(postgres),
        lambda _: postgres.sql("vacuum", "shop") and None,
        lambda _: sorted(name for name, count in dead(postgres).items() if count >= 100),
    )
    proof(replace(play(scene, Ground(tmp_path, tmp_path), end, catalogue, host), cut_every_s=0.03))
