"""Backups of a database in a container, with an application that writes to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from remedy.actions.action import Action
from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Call, Change, Host, Json, UndoBy
from tests.actions.far_end import FarEnd, far_end_in
from tests.lab import StackHost

SHELF: dict[str, Json] = {"project": "sira", "service": "db", "dir": "/backups", "database": "sira", "match": "sira_*"}


class Site:
    """Actions and checks on the site's host."""

    def __init__(self, stack: StackHost, end: FarEnd, catalogue: Catalogue, host: Host) -> None:
        self.stack, self.end, self.catalogue, self.host = stack, end, catalogue, host

    def see(self, action: Action[Any], now: int) -> Any:
        reply = self.end.look(action.look(self.host).pinned(now))
        assert reply.answered, reply.error
        return action.see(reply)

    def plan(self, name: str, **params: Json) -> Change | None:
        action = self.catalogue.action(name, {**SHELF, **params})
        return action.plan(self.see(action, int(time.time())))

    def apply(self, name: str, **params: Json) -> Change:
        action, now = self.catalogue.action(name, {**SHELF, **params}), int(time.time())
        before = self.see(action, now)
        change = action.plan(before)
        assert change is not None
        self.act(change.operations)
        assert action.verify(before, self.see(action, now)) == ""
        return change

    def act(self, operations: tuple[Any, ...]) -> None:
        for operation in operations:
            done = self.end.act(operation)
            assert done.returncode == 0, (done.stdout, done.stderr)

    def judge(self, name: str, **params: Json) -> Answer:
        given = {**SHELF, **params}
        if name == "backup.fresh":
            given = {k: v for k, v in given.items() if k not in ("project", "service")}
        check = self.catalogue.check(name, given)
        reply = self.end.look(check.look(self.host).pinned(int(time.time())))
        assert reply.answered, reply.error
        return check.judge(reply).answer

    def sql(self, statement: str) -> str:
        command = "docker exec -i -u postgres sira-db-1 psql -XqAt -v ON_ERROR_STOP=1 -d sira"
        return self.stack.sh(command, stdin=statement.encode()).strip()


@pytest.fixture
def site(sira_host: StackHost, catalogue: Catalogue, host: Host) -> Iterator[Site]:
    sira_host.sh("mkdir -pm 700 /run/remedy")
    yield Site(sira_host, far_end_in(sira_host), catalogue, host)
    sira_host.sh("rm -f /backups/*; sira-backup")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_database_in_a_container_is_backed_up_damaged_and_restored_under_its_application(site: Site) -> None:
    health = "curl -fsS -m 5 http://127.0.0.1:8000/health/system"
    site.stack.sh("rm -f /backups/*; touch /backups/sira_20991231T000000Z.dump")  # what is no backup has no manifest
    assert site.judge("backup.fresh") is Answer.NOT_OK
    site.apply("backup.create")
    assert site.plan("backup.create") is None
    assert site.judge("backup.fresh") is Answer.OK
    site.apply("backup.test")
    assert site.judge("backup.valid") is Answer.OK
    table = site.sql("SELECT relname FROM pg_stat_user_tables ORDER BY n_live_tup DESC, relname LIMIT 1")
    rows = int(site.sql(f"SELECT count(*) FROM {table}"))
    damage = {"project": "sira", "service": "db", "database": "sira", "table": table}
    fault = site.catalogue.action("fault.database_damage", damage)
    broken = fault.plan(site.see(fault, int(time.time())))
    assert broken is not None
    site.act(broken.operations)
    assert site.judge("backup.matches") is Answer.NOT_OK
    change = site.apply("backup.restore")
    assert site.judge("backup.matches") is Answer.OK
    assert int(site.sql(f"SELECT count(*) FROM {table}")) >= rows
    assert site.plan("backup.restore") is None
    site.stack.sh(f"for n in $(seq 60); do {health} && exit 0; sleep 0.5; done; exit 1", timeout_s=60)
    assert isinstance(broken.undo, UndoBy)
    site.act(broken.undo.operations)  # nothing is to be brought back
    assert int(site.sql(f"SELECT count(*) FROM {table}")) >= rows
    swapped = [o.function for o in change.operations if isinstance(o, Call)]
    assert swapped == ["backup_restore_keep", "backup_restore_fill", "backup_restore_swap", "backup_restore_ends"]
    assert isinstance(change.undo, UndoBy)
    site.act(change.undo.operations)
    site.act(broken.undo.operations)
    assert int(site.sql(f"SELECT count(*) FROM {table}")) >= rows
