"""nginx and PostgreSQL as services of Compose, and PostgreSQL of a container that is itself the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Change, Host, Json, Judgement, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import GNU_PATH, FarEnd, FarEndInside, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.e2e.home import Home
from tests.e2e.whole_run import killed_at_every_gate_of_a_run_it_ends_the_same
from tests.lab import SIRA, StackHost

pytestmark = pytest.mark.long

NGINX: dict[str, Json] = {"project": "sira", "service": "nginx"}
FOLDER = "/srv/sira/nginx/maintenance"
PAGE = "https://sira.test/"
MAINTENANCE: dict[str, Json] = {**NGINX, "dir": FOLDER, "url": PAGE, "ca": "/etc/pebble/root.pem"}
TLS: dict[str, Json] = {"host": "127.0.0.1", "server_name": "sira.test"}
HELD = "held"  # the application whose sessions are to end
LATER_S = 3600


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.2)


# ---------------------------------------------------------------- nginx


@dataclass(frozen=True)
class Front:
    """nginx of the site, and actions on it."""

    stack: StackHost
    end: FarEnd
    catalogue: Catalogue
    host: Host

    def shop(self, action: str, **params: Json) -> Acting:
        given = MAINTENANCE if action.startswith("maintenance.") else NGINX
        return Acting(self.end, self.catalogue.action(action, given | params), self.host)

    def config(self) -> Judgement:
        check = self.catalogue.check("nginx.config", NGINX)
        return check.judge(self.end.look(check.look(self.host)))

    def undo(self, change: Change) -> None:
        assert isinstance(change.undo, UndoBy)
        for operation in change.undo.operations:
            done = self.end.act(operation)
            assert done.returncode == 0, done.stderr

    def write(self, name: str, text: str) -> None:
        self.stack.sh(f"cat >{FOLDER}/{name}", stdin=text.encode())

    def reload(self) -> None:
        self.stack.docker("exec sira-nginx-1 nginx -s reload")

    def fresh(self) -> None:
        self.stack.sh(f"rm -f {FOLDER}/* && docker start sira-nginx-1")
        self.reload()
        until(lambda: self.stack.http(PAGE) == 200)


@pytest.fixture
def front(sira_host: StackHost, catalogue: Catalogue, host: Host) -> Iterator[Front]:
    found = Front(sira_host, far_end_in(sira_host), catalogue, host)
    found.fresh()
    yield found
    found.fresh()


def test_nginx_of_a_service_is_reloaded_where_its_workers_are_older_than_its_files(front: Front) -> None:
    time.sleep(2)  # whole seconds: what was made just now could be of either side
    front.reload()
    reload = front.shop("nginx.reload")
    until(lambda: reload.plan() is None, within_s=10)
    front.write("extra.conf", 'location = /extra { return 200 "extra"; }\n')
    assert (front.stack.http(f"{PAGE}extra"), front.config().answer) == (404, Answer.OK)
    reload.apply()
    assert (front.stack.http(f"{PAGE}extra"), reload.plan()) == (200, None)

    front.write("extra.conf", "nonsense;\n")
    with pytest.raises(Refused, match="nginx refuses its configuration"):
        reload.plan()
    judged = front.config()
    assert (judged.answer, "nonsense" in judged.says) == (Answer.NOT_OK, True)
    assert front.stack.http(f"{PAGE}extra") == 200

    front.stack.docker("stop --time 1 sira-nginx-1")
    with pytest.raises(Refused, match="does not run"):
        reload.plan()
    assert front.config().answer is Answer.CANNOT_TELL


def test_maintenance_through_a_service_is_seen_from_outside_and_ends(front: Front) -> None:
    on, off = front.shop("maintenance.enable", retry_after="90s"), front.shop("maintenance.disable")
    assert off.plan() is None
    change = on.apply()
    assert (front.stack.http(f"{PAGE}any"), front.stack.http(f"{PAGE}health")) == (503, 200)
    assert on.plan() is None
    front.undo(change)
    assert front.stack.http(PAGE) == 200
    on.apply()
    ended = off.apply()
    assert (front.stack.http(PAGE), off.plan()) == (200, None)
    front.undo(ended)
    assert front.stack.http(PAGE) == 503


def test_maintenance_through_a_service_for_a_while_is_ended_by_the_host(front: Front) -> None:
    front.shop("maintenance.enable", **{"for": "3s"}).apply()
    until(lambda: front.stack.http(PAGE) == 200, within_s=90)


def _scene(front: Front, action: str) -> Scene:
    def off(_: Ground) -> None:
        front.fresh()

    def on(_: Ground) -> None:
        front.fresh()
        front.shop("maintenance.enable").apply()

    def snapshot(_: Ground) -> object:
        return [front.stack.sh(f"cd {FOLDER} && ls | grep '[.]conf$' || :"), front.stack.http(PAGE)]

    sick, healthy = (off, on) if action == "maintenance.enable" else (on, off)
    return Scene(action, action, lambda _: MAINTENANCE, sick, healthy, snapshot)


@pytest.mark.parametrize("proof", kit.PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("action", ["maintenance.enable", "maintenance.disable"])
def test_the_kit_on_maintenance_through_a_service(
    proof: Callable[[Played], None], action: str, front: Front, tmp_path: Path
) -> None:
    played = play(_scene(front, action), Ground(tmp_path, tmp_path), front.end, front.catalogue, front.host)
    proof(replace(played, cut_every_s=0.2))


def _edited(front: Front) -> Scene:
    """nginx was begun before a file of its configuration was written, or has loaded it."""

    def sick(_: Ground) -> None:
        front.fresh()
        time.sleep(2)  # whole seconds
        front.write("extra.conf", 'location = /extra { return 200 "extra"; }\n')

    def healthy(ground: Ground) -> None:
        sick(ground)
        time.sleep(2)
        front.reload()

    return Scene(
        "nginx.reload",
        "nginx.reload",
        lambda _: NGINX,
        sick,
        healthy,
        lambda _: front.stack.http(f"{PAGE}extra"),
    )


def _ends_soon(front: Front) -> Scene:
    """nginx serves the certificate of its lineage, or one that a drill has made."""
    params: dict[str, Json] = {**NGINX, **TLS, "dir": SIRA["cert_dir"]}

    def whole(_: Ground) -> None:
        front.fresh()

    return Scene(
        "fault.cert_expire",
        "fault.cert_expire",
        lambda _: params,
        whole,
        lambda _: front.shop("fault.cert_expire", **params).apply() and None,
        lambda _: (front.stack.serial(), front.stack.sh(f"cat {SIRA['cert_dir']}/*.pem | md5sum")),
    )


def _better_lies_ready(front: Front) -> Scene:
    """nginx serves a certificate of nobody's that ends soon; certbot's lies in its lineage."""
    given: dict[str, Json] = {"lineage": SIRA["cert_name"], "names": [SIRA["tls_name"]], "ca": SIRA["cert_ca"]}
    params: dict[str, Json] = {**NGINX, **TLS, **given, "dir": SIRA["cert_dir"]}

    def soon(_: Ground) -> None:
        front.stack.serve_short_lived()

    return Scene(
        "cert.deploy",
        "cert.deploy",
        lambda _: params,
        soon,
        lambda _: front.shop("cert.deploy", **params).apply() and None,
        lambda _: front.stack.serial(),
    )


SCENES = {"nginx.reload": _edited, "fault.cert_expire": _ends_soon, "cert.deploy": _better_lies_ready}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_whole_runs_on_nginx_that_are_killed(scene: Callable[[Front], Scene], front: Front, tmp_path: Path) -> None:
    played = play(scene(front), Ground(tmp_path, tmp_path), front.end, front.catalogue, front.host)
    killed_at_every_gate_of_a_run_it_ends_the_same(played)


# ---------------------------------------------------------------- PostgreSQL


@dataclass(frozen=True)
class Database:
    """The site's PostgreSQL, reached in one way; sessions that are held there."""

    stack: StackHost
    end: FarEnd
    place: dict[str, Json]
    catalogue: Catalogue
    host: Host

    def judge(self, name: str, **params: Json) -> Judgement:
        check = self.catalogue.check(name, {**self.place, **params})
        reply = self.end.look(check.look(self.host).pinned(int(time.time())))
        assert reply.answered, reply.error
        return check.judge(reply)

    def ending(self, **params: Json) -> Played:
        """Sessions of one application, counted old an hour from now."""
        given = {**self.place, "application": HELD, "of_user": "postgres", **params}
        scene = Scene("pg.terminate", "pg.terminate", lambda _: given, self.sick, self.healthy, lambda _: self.held())
        nowhere = Ground(Path("/nonexistent"), Path("/nonexistent"))
        played = play(scene, nowhere, self.end, self.catalogue, self.host)
        at_once: dict[str, Json] = dict.fromkeys(params, "1s")
        return replace(played, now=int(time.time()) + LATER_S, cut_every_s=0.15, at_once=at_once, ripe_s=2)

    def hold(self, statement: str, application: str = HELD) -> None:
        """A session that says this and then waits, for ten minutes at most."""
        psql = "psql -XqAt -d sira >/dev/null 2>&1"
        waits = f'(echo "{statement}"; exec sleep 600) | exec {psql}'
        self.stack.docker(f"exec --detach --user postgres --env PGAPPNAME={application} sira-db-1 sh -c '{waits}'")

    def held(self, application: str = HELD) -> list[str]:
        """What the sessions of an application are doing."""
        ours = f"application_name = '{application}' AND backend_type = 'client backend'"
        return self.stack.psql(f"SELECT state FROM pg_stat_activity WHERE {ours} ORDER BY 1").split("\n")

    def of_the_site(self) -> set[str]:
        """The sessions of the application itself."""
        return set(self.stack.psql("SELECT pid FROM pg_stat_activity WHERE usename = 'app'").split())

    def close(self) -> None:
        who = f"application_name IN ('{HELD}', 'other') AND pid <> pg_backend_pid()"
        ended = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {who}"
        until(lambda: self.stack.psql(ended) == "0")

    def sick(self, _: Ground) -> None:
        self.close()
        self.hold("BEGIN; SELECT 1;")
        self.hold("BEGIN; SELECT 2;")
        self.hold("SELECT 3;")
        until(lambda: self.held() == ["idle", "idle in transaction", "idle in transaction"])

    def healthy(self, _: Ground) -> None:
        self.close()
        self.hold("SELECT 3;")
        until(lambda: self.held() == ["idle"])


def _inside(stack: StackHost) -> FarEnd:
    """The far end in the container of PostgreSQL, as the host that it is by `docker://`."""
    within = tuple(stack.engine.command("exec", "-i", stack.container, "docker", "exec", "-i", "sira-db-1"))
    return FarEndInside("sira-db-1 dash", (*within, "dash"), GNU_PATH, within=within)


@pytest.fixture(params=["service", "container"])
def database(
    request: pytest.FixtureRequest, sira_host: StackHost, catalogue: Catalogue, host: Host
) -> Iterator[Database]:
    is_service = request.param == "service"
    end = far_end_in(sira_host) if is_service else _inside(sira_host)
    place: dict[str, Json] = {"project": "sira", "service": "db"} if is_service else {}
    password = sira_host.sh("sed -n s/^APP_PASSWORD=//p /srv/sira/.env").strip()
    end = replace(end, secrets={"env:APP": password, "env:WRONG": f"{password}x"})
    found = Database(sira_host, end, place, catalogue, host)
    yield found
    found.close()


def test_it_is_ready_and_each_refusal_is_told_apart(database: Database) -> None:
    ready = database.judge("pg.ready")
    assert (ready.answer, ready.facts["state"]) == (Answer.OK, "primary")
    app: dict[str, Json] = {"host": "127.0.0.1", "user": "app", "database": "sira"}
    assert database.judge("pg.ready", **app, password=[{"secret": "env:APP"}]).answer is Answer.OK
    assert database.judge("pg.ready", **app, password=[{"secret": "env:WRONG"}]).facts == {"state": "auth"}
    assert database.judge("pg.ready", database="none").facts == {"state": "missing"}
    assert database.judge("pg.ready", role="standby").answer is Answer.NOT_OK


def test_its_connections_are_counted_by_state_and_owner(database: Database) -> None:
    database.sick(Ground(Path("/"), Path("/")))
    few = database.judge("pg.connections", above="1%")
    assert few.answer is Answer.OK
    kinds, owners = few.facts["kinds"], few.facts["by"]
    assert isinstance(kinds, dict)
    assert kinds["idle-in-transaction"] == 2
    assert isinstance(owners, list)
    assert "app" in repr(owners)
    assert database.judge("pg.connections", at_most="90%").answer is Answer.OK


def test_a_slow_query_is_named_and_is_ended_alone(database: Database) -> None:
    assert database.judge("pg.slow", longer_than="30s").answer is Answer.OK
    database.hold("SELECT pg_sleep(100);")
    database.hold("BEGIN;", "other")
    until(lambda: database.held("other") == ["idle in transaction"])
    until(lambda: database.judge("pg.slow", longer_than="1s").answer is Answer.NOT_OK)
    assert "pg_sleep" in repr(database.judge("pg.slow", longer_than="1s").facts)
    site = database.of_the_site()
    played = database.ending(active="1m")
    change = played.plan()
    assert change is not None
    played.act(change.operations)
    until(lambda: "active" not in database.held())
    assert played.plan() is None
    assert database.held("other") == ["idle in transaction"]
    assert database.of_the_site() >= site


# What is killed in such a container is PostgreSQL's to bury, whose answer is to end every session: docs/operators.md.
NOT_IN_A_CONTAINER = (kit.killed_inside_an_operation_it_converges, killed_at_every_gate_of_a_run_it_ends_the_same)
PROOFS = [
    (proof, way)
    for proof in kit.PROOFS
    for way in ("service", "container")
    if way == "service" or proof not in NOT_IN_A_CONTAINER
]


@pytest.mark.parametrize(("proof", "database"), PROOFS, ids=lambda p: getattr(p, "__name__", p), indirect=["database"])
def test_the_kit_on_its_sessions(proof: Callable[[Played], None], database: Database) -> None:
    proof(database.ending(idle_in_transaction="1m"))


@pytest.mark.parametrize("database", ["service"], indirect=True)
def test_stopped_it_is_down(database: Database) -> None:
    database.stack.docker("stop --time 5 sira-db-1")
    try:
        assert database.judge("pg.ready").facts == {"state": "down"}
    finally:
        database.stack.up()


PLAYBOOK = """\
playbook: held
summary: End sessions that nobody uses
symptom: [pg.ready: {{{place}}}]
diagnose:
  - pg.connections: {{{place} above: 90%}}
  - pg.slow: {{{place} longer_than: 30s}}
steps: [{{id: end, pg.terminate: {{{place} idle: 1s, application: held, of_user: postgres}}}}]
verify: [pg.connections: {{{place} at_most: 90%}}]
"""


@pytest.mark.parametrize(("name", "place"), [("sira", "project: sira, service: db,"), ("database", "")])
def test_a_playbook_ends_them_on_the_host_of_the_service_and_on_the_container_as_a_host(
    name: str, place: str, sira_host: StackHost, catalogue: Catalogue, host: Host, tmp_path: Path
) -> None:
    database = Database(sira_host, far_end_in(sira_host), {}, catalogue, host)
    (tmp_path / "home").mkdir()
    home = Home(tmp_path / "home")
    container = {"address": "docker://sira-db-1", "via": "sira"}
    home.write_inventory({"hosts": {"sira": sira_host.stack_entry(), "database": container}})
    (home.path / "playbooks" / "held.yml").write_text(PLAYBOOK.format(place=place))
    database.sick(Ground(Path("/"), Path("/")))
    time.sleep(2)  # older than the playbook's second
    begins = "SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    began = sira_host.psql(begins)
    try:
        first = home.remedy("apply", "held", "--host", name, "--yes", "--json")
        assert (first.code, first.document.get("verdict")) == (0, "resolved"), first
        assert first.document["hosts"][name]["outcome"] == "changed"
        assert database.held() == ["idle in transaction", "idle in transaction"]
        second = home.remedy("apply", "held", "--host", name, "--yes", "--json")
        assert (second.code, second.document["hosts"][name]["outcome"]) == (0, "unchanged"), second
        assert sira_host.psql(begins) == began, "PostgreSQL has not ended every session to begin anew"
    finally:
        database.close()
