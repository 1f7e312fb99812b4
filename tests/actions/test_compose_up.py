"""compose.up on a real engine: an edited file is applied to what is named, shown before, and taken back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from shlex import quote

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Call, Host, Json, Judgement, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import COMPOSE_FILE, SHOP, DockerHost

BEFORE = "/srv/shop/before.yml"
pytestmark = pytest.mark.timeout(400)  # Compose itself takes seconds for each of many calls
Applying = Callable[..., Acting]


@pytest.fixture
def there(docker_host: DockerHost) -> Iterator[FarEnd]:
    """The far end inside the test host; afterwards file and shop are as new."""
    docker_host.sh(f"cp {COMPOSE_FILE} {BEFORE}")
    yield far_end_in(docker_host)
    docker_host.sh(f"cp {BEFORE} {COMPOSE_FILE}; rm -f {BEFORE} /srv/shop/*.env")
    docker_host.up()


@pytest.fixture
def applying(there: FarEnd, catalogue: Catalogue, host: Host) -> Applying:
    def make(*services: str, **params: Json) -> Acting:
        given: dict[str, Json] = {"project": "shop", "services": list(services), **params}
        return Acting(there, catalogue.action("compose.up", given), host)

    return make


def edit(docker_host: DockerHost, service: str, *lines: str) -> None:
    """Add lines to a service in the file."""
    added = "".join(f"\\n    {line}" for line in lines)
    docker_host.sh(f"sed -i 's/^  {service}:$/  {service}:{added}/' {COMPOSE_FILE}")


def ids(docker_host: DockerHost) -> dict[str, list[str]]:
    return {service: docker_host.containers(service) for service in SHOP}


@pytest.mark.long
def test_status_tells_what_is_not_what_the_file_says(
    there: FarEnd, docker_host: DockerHost, catalogue: Catalogue, host: Host
) -> None:
    check = catalogue.check("compose.status", {"project": "shop", "services": ["web", "worker"], "drift": True})

    def judge() -> Judgement:
        return check.judge(there.look(check.look(host)))

    found = judge()
    assert (found.answer, found.facts) == (Answer.OK, {"drift": {}})
    edit(docker_host, "web", "mem_limit: 64m")
    edit(docker_host, "db", "mem_limit: 64m")
    docker_host.docker("stop shop-worker-2")
    found = judge()
    assert (found.answer, found.facts["drift"], found.facts["down"]) == (
        Answer.NOT_OK,
        {"web/1": "config"},
        ["worker/2"],
    )
    docker_host.sh(f"echo nonsense >>{COMPOSE_FILE}")
    assert "not held against the Compose file: it cannot be read" in judge().says


def test_an_edit_is_shown_applied_to_what_is_named_and_taken_back(applying: Applying, docker_host: DockerHost) -> None:
    shop = applying("web", previous=BEFORE)
    assert shop.plan() is None, "of an unedited file nothing is to be done"
    before, secret = ids(docker_host), token_hex(8)
    docker_host.sh(f"printf 'PASSWORD={secret}\\n' >/srv/shop/web.env")
    edit(docker_host, "web", "mem_limit: 64m", "env_file: [web.env]", "environment: {MODE: fast}", "cpus: 0.5")
    edit(docker_host, "worker", "mem_limit: 32m")
    edit(docker_host, "db", "cpus: 0.5")
    with pytest.raises(Refused, match=r"they depend on (db|worker), which would be made anew with them"):
        shop.plan()
    docker_host.sh(f"sed -i '/^    mem_limit: 32m/d; /^  db:/{{n;d}}' {COMPOSE_FILE}")
    reply, change = shop.reply(), shop.wanted()
    assert secret not in repr(reply)
    assert set(change.lines) == {
        "web: memory without a limit becomes 64 MiB",
        "web: cpus 0 becomes 0.5",
        "web: environment PASSWORD comes",
        "web: environment MODE comes",
    }
    shop.apply()
    after = ids(docker_host)
    assert {name for name in SHOP if after[name] != before[name]} == {"web"}
    assert docker_host.docker("inspect --format '{{.HostConfig.Memory}}' shop-web-1").strip() == str(64 << 20)
    assert shop.plan() is None, "the hash is also that of what environment files say"
    docker_host.sh("sed -i s/PASSWORD=/PASSWORD=x/ /srv/shop/web.env")
    assert shop.wanted().lines == ("web: environment PASSWORD has another value",)
    assert isinstance(change.undo, UndoBy)
    for operation in change.undo.operations:
        done = shop.end.act(operation)
        assert done.returncode == 0, done.stderr
    assert docker_host.docker("inspect --format '{{.HostConfig.Memory}}' shop-web-1").strip() == "0"


def test_a_broken_file_is_refused_and_one_that_is_edited_again_is_not_applied(
    applying: Applying, docker_host: DockerHost
) -> None:
    shop, before = applying("web"), ids(docker_host)
    edit(docker_host, "web", "mem_limit: 64m")
    change = shop.wanted()
    edit(docker_host, "web", "cpus: 0.5")
    done = shop.end.act(change.operations[0])
    assert b"the file says something else of web by now; nothing was done" in done.stderr
    docker_host.sh(f"echo '  - x: [' >>{COMPOSE_FILE}")
    with pytest.raises(Refused, match=f"Compose cannot read {COMPOSE_FILE}: "):
        shop.plan()
    done = shop.end.act(change.operations[0])
    assert b"the Compose file is broken by now; nothing was done" in done.stderr
    assert ids(docker_host) == before


def test_what_an_up_that_was_cut_off_made_and_never_started_is_started(
    applying: Applying, docker_host: DockerHost
) -> None:
    edit(docker_host, "web", "mem_limit: 64m")
    docker_host.compose("up --no-start web")
    made = docker_host.containers("web")
    shop = applying("web")
    assert shop.wanted().lines == ("web: 1 container made and never started: started now",)
    shop.apply()
    assert docker_host.docker("inspect --format '{{.State.Status}}' shop-web-1").strip() == "running"
    assert (docker_host.containers("web"), shop.plan()) == (made, None)


@pytest.mark.parametrize("is_gone", [False, True], ids=["beside the old one", "the old one is gone"])
def test_what_an_up_that_was_cut_off_made_to_take_anothers_place_is_removed(
    applying: Applying, docker_host: DockerHost, is_gone: bool
) -> None:
    [old] = docker_host.containers("web")
    labels = _labels(docker_host, old)
    edit(docker_host, "web", "mem_limit: 64m")
    docker_host.compose("create --force-recreate web")
    made = docker_host.docker("inspect --format '{{.Name}}' shop-web-1")
    docker_host.docker(f"rename shop-web-1 {old[:12]}_shop-web-1")  # as it is called until the old one is gone
    [left] = docker_host.containers("web")
    if not is_gone:
        docker_host.docker(f"run --detach --name shop-web-1 {labels} lab-service:1")
    shop = applying("web")
    shop.apply()
    [now] = docker_host.containers("web")
    assert now != left
    shown = docker_host.docker("inspect --format '{{.Name}} {{.State.Status}}' shop-web-1")
    assert shown == f"{made.strip()} running\n"
    assert shop.plan() is None


def _labels(docker_host: DockerHost, container: str) -> str:
    """The labels of a container as options for another."""
    shown = "{{range $k, $v := .Config.Labels}}{{println $k $v}}{{end}}"
    listed = docker_host.docker(f"inspect --format '{shown}' {container}").splitlines()
    return " ".join(f"--label {quote(line.replace(' ', '=', 1))}" for line in listed if line)


@pytest.mark.long
def test_a_replica_more_than_the_file_says_stays_and_all_are_made_anew(
    applying: Applying, docker_host: DockerHost
) -> None:
    docker_host.compose("up --detach --wait --scale worker=3")
    db = docker_host.containers("db")
    edit(docker_host, "worker", "mem_limit: 64m")
    change = applying("worker", "web").apply()
    assert next(o.args[3] for o in change.operations if isinstance(o, Call)) == "worker"
    assert len(docker_host.containers("worker")) == 3
    assert docker_host.containers("db") == db


@pytest.mark.long
def test_another_image_of_the_same_name_is_a_difference_without_an_undo(
    applying: Applying, docker_host: DockerHost
) -> None:
    docker_host.docker("tag lab-service:1 kept:1")
    docker_host.sh("printf 'FROM kept:1\\nENV A=b\\n' | DOCKER_BUILDKIT=0 docker build -q -t lab-service:1 -")
    try:
        shop = applying(*SHOP, previous=BEFORE)
        change = shop.wanted()
        assert "db: its image's name means another image by now" in change.lines
        assert not isinstance(change.undo, UndoBy)
    finally:
        docker_host.docker("tag kept:1 lab-service:1")


@pytest.mark.long
def test_a_host_that_has_only_the_old_name_of_the_program(applying: Applying, docker_host: DockerHost) -> None:
    plugin = docker_host.docker(
        "info --format '{{range .ClientInfo.Plugins}}{{if eq .Name \"compose\"}}{{.Path}}{{end}}{{end}}'"
    )
    docker_host.sh(f"mv {plugin.strip()} /usr/local/bin/docker-compose")
    try:
        edit(docker_host, "web", "mem_limit: 64m")
        applying("web").apply()
    finally:
        docker_host.sh(f"mv /usr/local/bin/docker-compose {plugin.strip()}")


@pytest.mark.long
def test_typed_by_hand_it_ends_in_the_same_state(applying: Applying, docker_host: DockerHost) -> None:
    edit(docker_host, "web", "mem_limit: 64m")
    shop = applying("web")
    lines = lines_of(type(shop.action), shop.wanted().operations)
    docker_host.sh("cd /srv/shop; sh -eu", stdin="".join(f"{line}\n" for line in lines).encode())
    assert shop.plan() is None


def _scene(docker_host: DockerHost) -> Scene:
    def as_before() -> None:
        docker_host.sh(f"cp {BEFORE} {COMPOSE_FILE}")
        docker_host.up()

    def edited() -> None:
        as_before()
        edit(docker_host, "web", "mem_limit: 64m")

    shown = '{{.Name}} {{.State.Status}} {{index .Config.Labels "com.docker.compose.config-hash"}}'
    return Scene(
        "compose.up",
        "compose.up",
        lambda _: {"project": "shop", "services": ["web"], "previous": BEFORE},
        lambda _: edited(),
        lambda _: as_before(),
        lambda _: docker_host.sh(f"docker ps --all --quiet | xargs docker inspect --format '{shown}' | sort"),
    )


PROOFS = [pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_an_edited_file(
    proof: Callable[[Played], None],
    there: FarEnd,
    docker_host: DockerHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    played = play(_scene(docker_host), Ground(tmp_path, tmp_path), there, catalogue, host)
    proof(replace(played, cut_every_s=0.15))
