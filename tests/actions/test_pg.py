"""What is asked of a real PostgreSQL: how it is reached, and what its refusals are told as."""

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host, Json, Judgement
from tests.actions.far_end import FarEnd
from tests.lab import Postgres

APP = {"env:APP": "secret-of-app"}
HOSTILE = "it's \"x\"; drop table t --\n$(touch /tmp/x) \\' =host=1.2.3.4 \u00e9"
Judging = Callable[..., Judgement]


@pytest.fixture
def end(far_end: FarEnd, postgres: Postgres) -> FarEnd:
    """A far end that finds psql, whatever its userland."""
    return replace(far_end, path=f"{far_end.path}:{postgres.programs}", secrets=APP)


@pytest.fixture
def judging(end: FarEnd, postgres: Postgres, catalogue: Catalogue, host: Host) -> Judging:
    def judge(name: str, **params: Json) -> Judgement:
        check = catalogue.check(name, {"host": postgres.socket, "port": postgres.port, **params})
        reply = end.look(check.look(host))
        assert reply.answered, reply.error
        return check.judge(reply)

    return judge


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
    idle = [subprocess.Popen(postgres.psql(), stdin=-1, stdout=-3, stderr=-3, cwd="/") for _ in range(20)]
    try:
        found = judging("pg.ready")
        while found.answer is Answer.OK:
            found = judging("pg.ready")
        assert found.facts == {"state": "full"}
    finally:
        for client in idle:
            client.kill()
            client.wait()
    while judging("pg.ready").answer is not Answer.OK:
        pass
