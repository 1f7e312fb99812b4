"""docker.prune on a real engine: what goes is what nobody needs, and all else is as it was, byte for byte."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue, shell_of
from remedy.actions.families import FAMILIES
from remedy.model import Change, Host, Json
from tests.actions import kit
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.waste import Engine
from tests.lab import DockerHost

BOTH: dict[str, Json] = {"what": ["build-cache", "dangling-images"], "older_than": "1h"}
LATER_S = 7200  # the tests' waste is a moment old: they look two hours later


@pytest.fixture
def there(docker_host: DockerHost) -> FarEnd:
    return far_end_in(docker_host)


@pytest.fixture
def engine(docker_host: DockerHost) -> Iterator[Engine]:
    """The engine of the test host; afterwards it holds the shop alone."""
    engine = Engine(docker_host)
    yield engine
    engine.clean()


@pytest.fixture
def later(engine: Engine, there: FarEnd, catalogue: Catalogue, host: Host, tmp_path: Path) -> Played:
    """The action, looking when all that is there by now is old."""
    scene = Scene(
        "docker.prune",
        "docker.prune",
        lambda _: BOTH,
        lambda _: engine.waste(),
        lambda _: engine.clean(),
        lambda _: (engine.host.docker("images --format '{{.Repository}}' --filter dangling=false"), engine.dangling()),
    )
    played = play(scene, Ground(tmp_path, tmp_path), there, catalogue, host)
    later_s = int(time.time()) + LATER_S
    return replace(played, now=later_s, cut_every_s=0.1, at_once={"older_than": "1s"}, ripe_s=2)


def wanted(played: Played) -> Change:
    change = played.plan()
    assert change is not None
    return change


SAMPLE = (kit.acting_twice_changes_nothing, kit.a_healthy_host_is_left_alone)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_an_engine(proof: Callable[[Played], None], later: Played) -> None:
    proof(later)


LIVES = [(8, 1), *(pytest.param(20, seed, marks=pytest.mark.long) for seed in range(2, 12))]


@pytest.mark.parametrize(("turns", "seed"), LIVES)
def test_fault_089_volumes_tagged_images_and_containers_are_byte_for_byte_what_they_were(
    turns: int, seed: int, later: Played, engine: Engine
) -> None:
    engine.live_through(turns, seed)
    before = engine.picture()
    held = set(engine.host.sh("docker ps -aq | xargs docker inspect --format '{{.Image}}' | sort -u").split())
    later.finish()
    assert engine.picture() == before
    assert set(engine.dangling()) <= held, "every dangling image that no container uses is gone"


@pytest.mark.long
def test_fault_089_volumes_stay_named_or_not_used_by_a_stopped_container_or_by_none(
    later: Played, engine: Engine
) -> None:
    """On an engine whose API is older than 1.42, where a prune of volumes would take those with a name, too."""
    api = engine.host.docker("version --format '{{.Server.APIVersion}}'").strip()
    assert tuple(map(int, api.split("."))) < (1, 42)
    engine.waste()
    engine.host.docker("volume create life-alone")
    engine.host.docker("create --label remedy.waste -v life-stopped:/kept -v /anonymous lab-service:1")
    volumes, containers = engine.host.docker("volume ls -q"), engine.host.docker("ps --all --quiet --no-trunc")
    later.finish()
    assert engine.dangling() == []
    assert engine.host.docker("volume ls -q") == volumes
    assert engine.host.docker("ps --all --quiet --no-trunc") == containers


def test_fault_089_no_shipped_function_prunes_a_system_a_volume_or_a_container() -> None:
    """What a runbook calls cleaning up: docker system prune -a --volumes --force."""
    text = "".join(shell_of(family).decode() for family in FAMILIES)
    assert re.findall(r"docker (?:system|volume|container|network) (?:prune|rm)[^\n]*|--volumes\b", text) == []
    pruned = {line.strip() for line in re.findall(r"docker \w+ prune[^|\n]*", text)}
    assert all(line.startswith('docker builder prune --force --all --filter "id=$2"') for line in pruned), pruned


def test_fault_089_no_shipped_function_empties_a_cache_or_deletes_a_topic() -> None:
    """A Redis may be the broker of a queue, and a topic holds the jobs that wait."""
    text = "".join(shell_of(family).decode() for family in FAMILIES)
    assert re.findall(r"(?i)\b(?:flushall|flushdb|unlink|xtrim|xdel|ltrim)\b|topics? (?:--)?delete|purge", text) == []
    assert re.findall(r"\b(?:DEL|EXPIRE|GETDEL|SPOP|[LR]POP)\b", text) == []


@pytest.mark.long
def test_what_is_young_stays(later: Played, engine: Engine) -> None:
    engine.waste()
    young = replace(later, now=int(time.time()))
    assert young.plan() is None
    assert young.action.unchanged(young.see()).startswith("no build-cache or dangling-images older than ")


@pytest.mark.long
def test_an_image_that_was_named_or_used_since_the_plan_stays(later: Played, engine: Engine) -> None:
    engine.waste()
    named, used = engine.build("echo named >/a"), engine.build("echo used >/b")
    change = wanted(later)
    assert {f"image/{named}", f"image/{used}"} <= {i.split("\t")[0] for i in change.operations[0].items}  # type: ignore[union-attr]
    engine.host.docker(f"tag {named} named-since:1")
    engine.host.docker(f"create --label remedy.waste {used}")
    done = later.end.act(change.operations[0])
    assert done.returncode == 0, done.stderr
    assert b"has a name by now; it was left alone" in done.stderr
    assert engine.host.docker("image inspect --format '{{json .RepoTags}}' " + named).strip() == '["named-since:1"]'
    assert engine.dangling() == [used]
    assert later.plan() is None
    engine.host.docker("rmi named-since:1")


@pytest.mark.long
def test_only_what_is_asked_for_goes(later: Played, engine: Engine, catalogue: Catalogue) -> None:
    engine.waste()
    dangling = engine.dangling()
    cache = catalogue.action("docker.prune", {**BOTH, "what": ["build-cache"]})
    replace(later, action=cache).finish()
    assert engine.dangling() == dangling
    assert engine.cache() == []


@pytest.mark.long
def test_typed_by_hand_it_ends_in_the_same_state(later: Played, engine: Engine) -> None:
    engine.waste()
    lines = lines_of(type(later.action), wanted(later).operations)
    engine.host.sh("sh -eu", stdin="".join(f"{line}\n" for line in lines).encode())
    assert later.plan() is None
    assert (engine.dangling(), engine.cache()) == ([], [])
