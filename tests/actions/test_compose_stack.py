"""The Compose actions and checks looking at the whole site of the lab: real PostgreSQL, real Redis, real secrets."""

from dataclasses import replace
from typing import Any

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Host, Json, UndoBy
from tests.actions.acting import Acting
from tests.actions.far_end import far_end_in
from tests.lab import SIRA, StackHost

pytestmark = pytest.mark.timeout(600)  # the whole site is started first
SERVICES = ["backend", "worker", "nginx", "db", "redis", "frontend"]


@pytest.mark.long
def test_the_site_is_seen_as_it_is(sira_host: StackHost, catalogue: Catalogue, host: Host) -> None:
    end = far_end_in(sira_host)

    def plan(name: str, **params: Json) -> Any:
        action = catalogue.action(name, {"project": "sira", **params})
        return action.plan(action.see(end.look(action.look(host))))

    def answer(name: str, **params: Json) -> Answer:
        check = catalogue.check(name, {"project": "sira", **params})
        return check.judge(end.look(check.look(host))).answer

    assert plan("compose.up", services=[*SERVICES]) is None
    assert plan("compose.restart", services=["db"], even_if_up=True), "it accepts connections"
    assert answer("compose.status", services=[*SERVICES], drift=True) is Answer.OK
    scaled = plan("compose.scale", service="worker", replicas=3, most=4, connections_each=1)
    assert any(line.startswith("database connections: ") for line in scaled.lines)
    with pytest.raises(Refused, match="database connections are used"):
        plan("compose.scale", service="worker", replicas=3, most=4, connections_each=1000)
    assert plan("compose.scale", service="worker", replicas=1, most=4, queue_key="jobs", queue_below=100) is not None
    with pytest.raises(Refused, match="db of sira writes to the volume sira_dbdata"):
        plan("compose.stop", services=["db"])
    assert answer("queue.length", key="jobs", below=1000, every="1s") is Answer.OK
    assert answer("docker.stats", memory_below="95%") is Answer.OK
    assert answer("compose.policy", services=["backend", "worker", "nginx"]) is Answer.OK


@pytest.mark.long
def test_connections_are_taken_inside_the_container_and_given_back(
    sira_host: StackHost, catalogue: Catalogue, host: Host
) -> None:
    end = far_end_in(sira_host)
    flood = Acting(end, catalogue.action("fault.connections_flood", {"project": "sira", "sessions": 500}), host)
    change = flood.apply()
    assert isinstance(change.undo, UndoBy)
    full = catalogue.check("pg.connections", {"project": "sira", "above": "95%"})
    assert full.judge(end.look(full.look(host))).answer is Answer.OK
    for operation in change.undo.operations:
        done = end.act(operation)
        assert done.returncode == 0, done.stderr
    ours = "select count(*) from pg_stat_activity where application_name like 'drill-by-remedy:%'"
    assert sira_host.psql(ours) == "0"


@pytest.mark.long
def test_the_vendors_stand_in_is_told_apart_by_how_it_fails(
    sira_host: StackHost, catalogue: Catalogue, host: Host
) -> None:
    key = sira_host.docker("exec sira-vendor-1 printenv VENDOR_KEY").strip()
    end = replace(far_end_in(sira_host), secrets={"env:KEY": key})
    url = str(SIRA["vendor_url"])

    def stands(**params: Json) -> object:
        check = catalogue.check("vendor.ok", {"url": url, "slow": "2s", **params})
        return check.judge(end.look(check.look(host))).facts["stands"]

    headers: Json = ["Authorization: Bearer ", {"secret": "env:KEY"}]
    assert stands() == "key"
    assert stands(headers=headers, json=["data.0.id=small"], quota_header="x-ratelimit-remaining") == "ok"
    sira_host.fault("vendor-slow", "2500")
    assert stands(headers=headers) == "slow"
    sira_host.fault("vendor-down")
    assert stands(headers=headers) == "ill"
    sira_host.up()
