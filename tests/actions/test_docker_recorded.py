"""What two generations of the Docker client said of an engine, read by the shell functions under every shell.

recorded/client-20.10 and client-28.2 are what those clients printed of one engine (20.10): a shop with a container that
is exited, one that is ill and one in a restart loop; images of both builders, one of them held by a stopped container.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Host, Json, Reply
from tests.actions.far_end import FarEnd

pytestmark = pytest.mark.shells

RECORDED = Path(__file__).parent / "docker" / "recorded"
CLIENTS = sorted(p.name for p in RECORDED.iterdir())
BY_THE_END = 1_795_239_300  # 05:35, after all that is recorded
BETWEEN = 1_795_237_000  # 04:56, between the first builds and the others
READS = ("ps --all", "inspect --type", "system df", "images --all", "image inspect")

CLIENT = """#!/bin/sh
echo "$1 $2" >>FOLDER/asked
case "$*" in
*" --format row"*) file=compose_ps ;;
"ps --all --quiet"*) file=ps_quiet ;;
*" --format state"*) file=compose_inspect ;;
*" --format used"*) file=used ;;
"system df"*) file=system_df ;;
"images --all"*) file=images ;;
"image inspect"*) file=image_inspect ;;
*) exit 64 ;;
esac
while IFS= read -r line; do printf '%s\\n' "$line"; done <FOLDER/$file
"""


@pytest.fixture
def said(tmp_path: Path, far_end: FarEnd, catalogue: Catalogue, host: Host) -> Callable[..., Reply]:
    """Looks with an action where the client says what a folder holds."""

    def look(recorded: Path, name: str, params: dict[str, Json], now: int) -> Reply:
        folder = tmp_path / "client"
        folder.mkdir(exist_ok=True)
        for path in recorded.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / "docker").write_text(CLIENT.replace("FOLDER", str(folder)))
        (folder / "docker").chmod(0o755)
        end = replace(far_end, path=f"{folder}:{far_end.path}")
        reply = end.look(catalogue.action(name, params).look(host).pinned(now))
        assert reply.answered, reply.error
        asked = (folder / "asked").read_text().splitlines()
        assert set(asked) <= set(READS), "a look asks, and changes nothing"
        return reply

    return look


Said = Callable[..., Reply]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_shop_that_is_down_in_three_ways(said: Said, client: str) -> None:
    services: list[Json] = ["web", "db", "worker"]
    reply = said(RECORDED / client, "compose.restart", {"project": "shop", "services": services}, BY_THE_END)
    web, db, worker = (line.rstrip() for line in reply.ground if line.startswith("service:"))
    assert (web, db, worker) == ("service:web present db worker", "service:db present", "service:worker present db")
    assert {line for line in reply.ground if line.startswith("item ")} == {
        "item web/1\tlooping 45058501223ea81fa33f63274f8a25ddbae25c0e125a133ca70cfaab5955b37b moving 2 left",
        (
            "item worker/2\texited b52c59de244a27a9938a9ad6796ea89fcda8acd7deadf143265d3d55fe533603"
            " 2026-11-21T04:49:20.758953019Z 2 left"
        ),
        (
            "item db/1\tunhealthy e10edf9c72f4712f91c56565709899f0acfda40a2aa381acbfc0b91ca2a48f64"
            " 2026-11-21T04:49:19.837782097Z 2 left"
        ),
    }
    assert "known web worker db" in reply.evidence


@pytest.mark.parametrize(("services", "needs"), [(["web"], {"db/1=unhealthy", "worker/2=exited"}), (["db"], set())])
def test_what_a_service_depends_on_and_is_down_is_told(said: Said, services: list[Json], needs: set[str]) -> None:
    reply = said(RECORDED / CLIENTS[0], "compose.restart", {"project": "shop", "services": services}, BY_THE_END)
    (told,) = (line.split()[1:] for line in reply.evidence if line.split()[0] == "needs")
    assert set(told) == needs
    assert sum(line.startswith("item ") for line in reply.ground) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_a_container_of_a_single_run_is_no_service(said: Said, client: str) -> None:
    reply = said(RECORDED / client, "compose.restart", {"project": "shop", "services": ["once"]}, BY_THE_END)
    assert [line.split()[:2] for line in reply.ground] == [["service:once", "missing"]]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("now", "images", "caches", "held"),
    [(BY_THE_END, ["1abafa", "1b4edd", "32f33e", "d19894"], 7, 1), (BETWEEN, ["1b4edd"], 2, 0)],
    ids=["all", "some"],
)
def test_what_may_go_of_an_engine(said: Said, client: str, now: int, images: list[str], caches: int, held: int) -> None:
    what: list[Json] = ["build-cache", "dangling-images"]
    reply = said(RECORDED / client, "docker.prune", {"what": what, "older_than": "1s"}, now)
    keys = [line.removeprefix("item ").split("\t")[0] for line in reply.ground[1:]]
    assert sorted(k[13:19] for k in keys if k.startswith("image/")) == images
    assert sum(k.startswith("cache/") for k in keys) == caches
    assert f"held {held}" in reply.evidence


# ---------------------------------------------------------------- any engine

Row = tuple[str, str, bool, int]  # identity, parent or "", whether it is named, when it was made


def _engine(dice: random.Random, count: int) -> list[Row]:
    rows: list[Row] = []
    for number in range(count):
        parent = dice.choice(rows)[0] if rows and dice.random() < 0.7 else ""
        rows.append((f"sha256:{number:064x}", parent, dice.random() < 0.15, dice.choice([10, 20])))
    return rows


def _may_go(rows: Sequence[Row], used: set[str]) -> set[str]:
    """What nobody needs: found by taking away, again and again, whatever nothing is left upon."""
    left = {row[0]: row for row in rows}
    gone: set[str] = set()
    while True:
        parents = {row[1] for row in left.values()}
        free = [i for i, row in left.items() if i not in parents and i not in used and not row[2] and row[3] < 15]
        if not free:
            return gone
        for identity in free:
            gone.add(identity)
            del left[identity]


@pytest.mark.parametrize("seed", range(4))
def test_of_any_engine_what_nobody_needs_goes_and_in_an_order_that_works(said: Said, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    rows = _engine(dice, 150)
    used = {row[0] for row in rows if dice.random() < 0.1}
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    names = {True: '["a:1"]', False: "[]"}
    (recorded / "system_df").write_text("\n")
    (recorded / "images").write_text("".join(f"{row[0]}\n" for row in rows))
    (recorded / "image_inspect").write_text(
        "".join(f"image\t{i}\t{names[named]}\t[]\t1970-01-01T00:00:{at}Z\t{p}\n" for i, p, named, at in rows)
    )
    (recorded / "ps_quiet").write_text("".join(f"{i}\n" for i in used))
    (recorded / "used").write_text("".join(f"used\t{i}\n" for i in used))
    reply = said(recorded, "docker.prune", {"what": ["dangling-images"], "older_than": "1s"}, 16)
    order = [line.removeprefix("item image/").split("\t")[0] for line in reply.ground[1:]]
    assert len(order) == len(set(order))
    assert set(order) == _may_go(rows, used)
    parents = {row[0]: row[1] for row in rows}
    for place, identity in enumerate(order):
        assert parents[identity] not in order[:place], "what is built upon another goes before it"
