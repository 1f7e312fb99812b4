"""nginx.reload, nginx.config, maintenance and the drill of a certificate that ends soon, on a real nginx."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Call, Change, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab.site import NAMES, Site


@dataclass
class Front:
    """The site, and actions on it."""

    site: Site
    end: FarEnd
    catalogue: Catalogue
    host: Host

    def params(self, action: str) -> dict[str, Json]:
        config: dict[str, Json] = {"config": str(self.site.config)}
        match action:
            case "nginx.reload":
                return config
            case "fault.cert_expire":
                served: dict[str, Json] = {"port": self.site.https, "server_name": NAMES[0], "served_within": "10s"}
                return config | served | {"dir": f"{self.site.root}/ssl"}
            case _:
                page = f"https://127.0.0.1:{self.site.https}/"
                return config | {"dir": f"{self.site.root}/maintenance.d", "url": page, "ca": str(self.roots)}

    @property
    def roots(self) -> Path:
        return self.site.root / "page.pem"

    def shop(self, action: str, **params: Json) -> Acting:
        return Acting(self.end, self.catalogue.action(action, self.params(action) | params), self.host)

    def undo(self, change: Change) -> None:
        assert isinstance(change.undo, UndoBy)
        for operation in change.undo.operations:
            done = self.end.act(operation)
            assert done.returncode == 0, done.stderr

    def fresh(self) -> None:
        for path in (self.site.root / "maintenance.d").iterdir():
            path.unlink()
        self.site.start_nginx()
        self.site.reload()
        self.site.until(lambda: self.site.page()[0] == 200)


@pytest.fixture
def front(site: Site, tmp_path: Path, catalogue: Catalogue, host: Host) -> Iterator[Front]:
    here = far_end_of("dash", tmp_path)
    assert here is not None
    (tmp_path / "bin").mkdir()
    # The page is asked by its address, which is no name of the certificate: what is served is not what is tried here.
    (tmp_path / "bin" / "curl").write_text(f'#!/bin/sh\nexec {shutil.which("curl")} -k "$@"\n')
    (tmp_path / "bin" / "curl").chmod(0o755)
    shutil.copy(site.root / "roots.pem", site.root / "page.pem")
    found = Front(site, replace(here, path=f"{tmp_path}/bin:{here.path}"), catalogue, host)
    found.fresh()
    yield found
    found.fresh()


def test_a_changed_configuration_is_loaded_and_a_broken_one_never(front: Front) -> None:
    time.sleep(2)  # whole seconds: what was made just now could be of either side
    front.site.reload()
    time.sleep(1)
    reload = front.shop("nginx.reload")
    assert reload.plan() is None
    extra = front.site.root / "maintenance.d" / "extra.conf"
    extra.write_text('location = /extra { return 200 "extra"; }\n')
    pid = front.site.nginx_pid()
    reload.apply()
    assert (front.site.page("/extra")[2], front.site.nginx_pid()) == ("extra", pid)
    assert reload.plan() is None
    extra.write_text("nonsense;\n")
    with pytest.raises(Refused, match="nginx refuses its configuration"):
        reload.plan()
    check = front.catalogue.check("nginx.config", front.params("nginx.reload"))
    judged = check.judge(front.end.look(check.look(front.host)))
    assert (judged.answer, "nonsense" in judged.says) == (Answer.NOT_OK, True)
    extra.unlink()
    front.site.stop_nginx()
    with pytest.raises(Refused, match="does not run"):
        reload.plan()


def test_maintenance_is_seen_from_outside_and_ends(front: Front) -> None:
    on, off = front.shop("maintenance.enable", retry_after="90s"), front.shop("maintenance.disable")
    assert off.plan() is None
    change = on.apply()
    status, headers, text = front.site.page("/any")
    assert (status, headers["retry-after"], "maintenance" in text) == (503, "90", True)
    assert front.site.page("/health")[0] == 200
    assert on.plan() is None
    front.undo(change)
    assert front.site.page()[0] == 200
    on.apply()
    ended = off.apply()
    assert (front.site.page()[0], off.plan()) == (200, None)
    front.undo(ended)
    assert front.site.page()[0] == 503


def test_once_it_has_reloaded_no_worker_with_the_old_configuration_takes_another_request(front: Front) -> None:
    on, off = front.shop("maintenance.enable"), front.shop("maintenance.disable")
    for turn in (on, off) * 4:
        old = _accepting(front.site)
        change = turn.wanted()
        assert front.end.act(change.operations[-1]).returncode == 0
        assert not old & _accepting(front.site)


def _accepting(site: Site) -> set[str]:
    """The workers that are not merely finishing what they have."""
    master = site.nginx_pid()
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    found = set()
    for pid in workers:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            title = Path(f"/proc/{pid}/cmdline").read_text()
            found |= {pid} if title.startswith("nginx: worker") and "shutting down" not in title else set()
    return found


@pytest.mark.long
def test_maintenance_that_nobody_would_see_leaves_nothing_behind(front: Front) -> None:
    aside = front.site.root / "aside"
    aside.mkdir(exist_ok=True)
    shop = front.shop("maintenance.enable", dir=str(aside), within="2s")
    done = front.end.act(shop.wanted().operations[-1])
    assert b"does not answer 503" in done.stderr
    assert list(aside.iterdir()) == []


@pytest.mark.long
def test_for_a_while_the_host_ends_the_maintenance_by_itself(front: Front) -> None:
    front.shop("maintenance.enable", **{"for": "3s"}).apply()
    front.site.until(lambda: front.site.page()[0] == 200, within_s=90)


@pytest.mark.long  # in the normal run it is drilled on the whole site
def test_a_drill_serves_a_certificate_that_ends_soon_and_takes_it_back(front: Front) -> None:
    shop, before = front.shop("fault.cert_expire"), front.site.served()
    pair = (front.site.root / "ssl" / "privkey.pem").read_bytes()
    change = shop.apply()
    assert front.site.served() != before
    assert shop.plan() is None
    for _ in range(2):
        front.undo(change)
        assert front.site.served() == before
        assert (front.site.root / "ssl" / "privkey.pem").read_bytes() == pair
    shop.apply()
    front.site.install("shop")  # as the remedy does: another pair, which stays
    front.site.reload()
    front.undo(change)
    assert front.site.served() == before


def _scene(front: Front, action: str) -> Scene:
    def off(_: Ground) -> None:
        front.fresh()

    def on(_: Ground) -> None:
        front.fresh()
        front.shop("maintenance.enable").apply()

    def snapshot(_: Ground) -> object:
        names = sorted(p.name for p in (front.site.root / "maintenance.d").iterdir() if p.suffix == ".conf")
        return [names, front.site.page()[0]]

    sick, healthy = (off, on) if action == "maintenance.enable" else (on, off)
    return Scene(action, action, lambda _: front.params(action), sick, healthy, snapshot)


SAMPLE = (kit.a_healthy_host_is_left_alone,)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.OF_FUNCTIONS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("action", ["maintenance.enable", "maintenance.disable"])
def test_the_kit_on_maintenance(proof: Callable[[Played], None], action: str, front: Front, tmp_path: Path) -> None:
    played = play(_scene(front, action), Ground(tmp_path, tmp_path), front.end, front.catalogue, front.host)
    proof(replace(played, cut_every_s=0.1))


def test_a_drill_is_no_step(front: Front) -> None:
    assert front.shop("fault.cert_expire").action.drill_only
    assert isinstance(front.shop("fault.cert_expire").wanted().operations[0], Call)
