"""What is asked of a real PostgreSQL: how it is reached, and what its refusals are told as."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Address, Answer, Host, Json, Judgement
from tests.actions.acting import Ask
from tests.actions.far_end import FarEnd
from tests.lab import Postgres, Sessions

APP = {"env:APP": "secret-of-app"}
HOSTILE = "it's \"x\"; drop table t --\n$(touch /tmp/x) \\' =host=1.2.3.4 \u00e9"
Judging = Callable[..., Judgement]


@pytest.fixture
def end(far_end: FarEnd, postgres: Postgres) -> FarEnd:
    """A far end that finds psql, whatever its userland."""
    return replace(far_end, path=f"{far_end.path}:{postgres.programs}", secrets=APP)


@pytest.fixture
def judging(end: FarEnd, postgres: Postgres, catalogue: Catalogue, host: Host) -> Judging:
    return Ask(end, catalogue, host, {"host": postgres.socket, "port": postgres.port})


def test_a_primary_is_ready_by_socket_and_by_port(judging: Judging) -> None:
    by_socket = judging("pg.ready")
    by_port = judging("pg.ready", host="127.0.0.1", user="app", database="shop", password=[{"secret": "env:APP"}])
    assert (by_socket.answer, by_socket.facts) == (Answer.OK, by_port.facts)
    assert by_socket.facts["state"] == "primary"
    assert len(str(by_socket.facts["system"])) > 10
    assert judging("pg.ready", role="standby").answer is Answer.NOT_OK


@pytest.mark.parametrize(
    ("params", "state"),
    [
        ({"host": "127.0.0.1", "user": "app", "password": [{"secret": "env:WRONG"}]}, "auth"),
        ({"host": "127.0.0.1", "user": "app"}, "auth"),
        ({"user": "nobody's"}, "auth"),
        ({"database": "none"}, "missing"),
        ({"database": HOSTILE}, "missing"),
        ({"user": HOSTILE}, "auth"),
        ({"port": 1}, "down"),
        ({"host": "127.0.0.1", "port": 1}, "down"),
        ({"host": "/none"}, "down"),
    ],
    ids=str,
)
def test_fault_013_each_refusal_is_told_apart_whatever_the_names(
    params: dict[str, Json], state: str, judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(APP, "env:WRONG", "not it")
    found = judging("pg.ready", **params)
    assert (found.answer, found.facts) == (Answer.NOT_OK, {"state": state})


def test_a_database_of_any_name_is_reached(judging: Judging, postgres: Postgres) -> None:
    postgres.run(*postgres.psql("postgres", "-v", f"n={HOSTILE}"), stdin='create database :"n"')
    try:
        assert judging("pg.ready", database=HOSTILE).answer is Answer.OK
    finally:
        postgres.run(*postgres.psql("postgres", "-v", f"n={HOSTILE}"), stdin='drop database :"n"')


def test_stopped_it_is_down_and_nothing_waits(judging: Judging, postgres: Postgres) -> None:
    postgres.stop("fast")
    try:
        assert judging("pg.ready").facts == {"state": "down"}
    finally:
        postgres.start()


def test_it_says_when_no_connection_is_left(judging: Judging, postgres: Postgres) -> None:
    idle: list[subprocess.Popen[bytes]] = []
    try:
        found = judging("pg.ready")
        while found.answer is Answer.OK:  # who comes while this asks may be sent away: then others come
            idle += [subprocess.Popen(postgres.psql(), stdin=-1, stdout=-3, stderr=-3, cwd="/") for _ in range(6)]
            found = judging("pg.ready")
        assert found.facts == {"state": "full"}
    finally:
        for client in idle:
            client.kill()
            client.wait()
    while judging("pg.ready").answer is not Answer.OK:
        pass


def test_connections_are_counted_by_state_and_by_whom(judging: Judging, sessions: Sessions, postgres: Postgres) -> None:
    name = "tab\tname 'x' \\"
    pids = [sessions.open("", name), sessions.open("", name), sessions.open("begin; select 1;", "b")]
    postgres.wait_until(pids[-1], "state = 'idle in transaction'")
    found = judging("pg.connections", above="17.6%")
    assert (found.answer, found.facts["used"], found.facts["most"]) == (Answer.OK, 3, 17)
    assert found.facts["kinds"] == {"idle": 2, "idle-in-transaction": 1}
    owners = [(o["count"], o["application"]) for o in found.facts["by"]]  # type: ignore[union-attr, call-overload, index]
    assert owners == [(2, "tab?name 'x' \\"), (1, "b")]
    assert judging("pg.connections", above="17.7%").answer is Answer.NOT_OK
    assert judging("pg.connections", at_most="17.7%").answer is Answer.OK


def test_a_role_that_may_not_see_the_others_is_told_so(end: FarEnd, postgres: Postgres, catalogue: Catalogue) -> None:
    place: dict[str, Json] = {"host": postgres.socket, "port": postgres.port, "user": "app", "at_most": "80%"}
    reply = end.look(catalogue.check("pg.connections", place).look(Host(name="x", address=Address(scheme="local"))))
    assert (reply.rc, "needs pg_read_all_stats" in reply.error) == (3, True)


SECRETIVE = (
    "select pg_sleep(60), 'secret-1', E'it\\'s secret-2', $x$ secret-3 $x$ -- secret-4",
    """select pg_sleep(60) as "it's", 'secret-5' /* it's secret-6 */, 4711""",
    f"select pg_sleep(60), '{'secret-7 ' * 400}'",
)


def test_fault_096_slow_queries_are_told_without_what_they_hold(
    judging: Judging, sessions: Sessions, postgres: Postgres
) -> None:
    postgres.sql("create table t (a int); insert into t values (1)")
    holder = sessions.open("begin; update t set a = 2;", "holder")
    waiting = sessions.open("update t set a = 3;", "waiting")
    pids = [waiting, *(sessions.open(f"{text}\n;") for text in SECRETIVE)]
    for pid in pids:
        postgres.wait_until(pid, "state = 'active'")
    time.sleep(2.1)
    found = judging("pg.slow", longer_than="1s")
    queries: list[dict[str, Json]] = found.facts["queries"]  # type: ignore[assignment]
    assert (found.answer, found.facts["count"]) == (Answer.NOT_OK, 4)
    assert queries[0]["text"] == "update t set a = ?;"
    assert (queries[0]["pid"], queries[0]["blocked_by"]) == (waiting, [holder])
    assert "secret" not in repr(found)
    assert "4711" not in str(queries[2]["text"])
    assert judging("pg.slow", longer_than="1s", at_most=4).answer is Answer.OK
    assert judging("pg.slow", longer_than="1h").facts["count"] == 0
    postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holder'")
    postgres.sql("drop table t")
