"""cert.deploy on a real nginx: a good pair is served, a bad one never is, and nginx runs whatever happens."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Change, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab.authority import Authority
from tests.lab.site import NAMES, Site

OTHERS = (*NAMES, "new.test")


@dataclass
class Deployed:
    """A site whose nginx serves an old pair of an authority of the tests, and a lineage to be put there."""

    site: Site
    ca: Authority
    roots: Path
    old: str
    end: FarEnd
    catalogue: Catalogue
    host: Host

    @property
    def lineage(self) -> Path:
        return self.site.root / "other" / "live" / "shop"

    @property
    def params(self) -> dict[str, Json]:
        return {
            "lineage": "shop",
            "config_dir": f"{self.site.root}/other",
            "dir": f"{self.site.root}/ssl",
            "config": str(self.site.config),
            "port": self.site.https,
            "server_name": NAMES[0],
            "ca": str(self.roots),
            "served_within": "10s",
        }

    def shop(self, **params: Json) -> Acting:
        return Acting(self.end, self.catalogue.action("cert.deploy", self.params | params), self.host)

    def issue(self, *names: str, **how: int | bool) -> str:
        return self.ca.issue(self.lineage, *(names or NAMES), **how)  # type: ignore[arg-type]

    def fresh(self) -> None:
        """The old pair as plain files, served."""
        shutil.rmtree(self.site.root / "ssl")
        self.old = self.ca.issue(self.site.root / "ssl", *NAMES, days=20)
        self.site.start_nginx()
        self.site.reload()
        self.site.until(lambda: self.site.served() == self.old)


@pytest.fixture
def here(tmp_path: Path) -> FarEnd:
    found = far_end_of("dash", tmp_path)
    assert found is not None
    return found


@pytest.fixture
def deployed(site: Site, here: FarEnd, tmp_path: Path, catalogue: Catalogue, host: Host) -> Iterator[Deployed]:
    ca = Authority()
    shutil.rmtree(site.root / "other", ignore_errors=True)
    found = Deployed(site, ca, ca.roots(tmp_path / "roots.pem"), "", here, catalogue, host)
    found.fresh()
    yield found
    site.start_nginx()
    site.install("shop")
    site.reload()


def fails(shop: Acting, change: Change) -> bytes:
    """Carry out what fails; what must run in any case runs, as with the engine."""
    done = [shop.end.act(operation) for operation in change.operations]
    assert done[0].returncode
    assert [d.returncode for d in done[1:]] == [0]
    return done[0].stderr


def test_a_new_pair_is_served_by_the_same_nginx_and_the_old_one_comes_back(deployed: Deployed) -> None:
    new, pid = deployed.issue(*OTHERS), deployed.site.nginx_pid()
    shop, folder = deployed.shop(names=["new.test"]), deployed.site.root / "ssl"
    before = shop.see()
    change = shop.apply()
    assert (deployed.site.served(), deployed.site.nginx_pid()) == (new, pid)
    assert (folder / "privkey.pem").stat().st_mode & 0o777 == 0o600
    assert shop.plan() is None
    assert isinstance(change.undo, UndoBy)
    for _ in range(2):
        for operation in change.undo.operations:
            assert shop.end.act(operation).returncode == 0
        assert deployed.site.served() == deployed.old
        assert shop.action.restored(before, shop.see()) == ""


@pytest.mark.long
def test_a_pair_that_is_there_and_not_served_is_loaded(deployed: Deployed) -> None:
    new = deployed.issue()
    for name in ("fullchain.pem", "privkey.pem"):
        shutil.copy(deployed.lineage / name, deployed.site.root / "ssl" / name)
    change = deployed.shop().apply()
    assert change.undo.kind == "unnecessary"
    assert deployed.site.served() == new


def _another_key(d: Deployed) -> None:
    d.issue()
    key = (d.lineage / "privkey.pem").read_bytes()
    d.issue()
    (d.lineage / "privkey.pem").write_bytes(key)


def _no_chain(d: Deployed) -> None:
    d.issue(has_chain=False)


def _fewer_names(d: Deployed) -> None:
    d.issue(NAMES[0])


def _shorter(d: Deployed) -> None:
    d.issue(days=10)


def _future(d: Deployed) -> None:
    d.issue(begins=2)


def _expired(d: Deployed) -> None:
    d.issue(begins=-9, days=-1)


def _staging(d: Deployed) -> None:
    Authority("(STAGING) Lab Trust").issue(d.lineage, *NAMES)


def _another_ca(d: Deployed) -> None:
    other = Authority("Other Trust")
    other.issue(d.lineage, *NAMES)
    d.roots.write_bytes(d.roots.read_bytes() + other.roots(d.roots.with_name("other.pem")).read_bytes())


def _empty(d: Deployed) -> None:
    d.issue()
    (d.lineage / "fullchain.pem").write_bytes(b"")


def _truncated(d: Deployed) -> None:
    d.issue()
    path = d.lineage / "fullchain.pem"
    path.write_bytes(path.read_bytes()[:300])


def _no_key(d: Deployed) -> None:
    d.issue()
    (d.lineage / "privkey.pem").unlink()


BAD = {
    "is another certificate's": _another_key,
    "does not lead to a trusted root": _no_chain,
    "not good for www.shop.test": _fewer_names,
    "ends earlier": _shorter,
    "is not valid yet": _future,
    "has expired": _expired,
    r"trusted root \(": _staging,
    "is of another CA": _another_ca,
    "no certificate and key that can be read": _empty,
    "certificate and key that can": _truncated,
    "key that can be read": _no_key,
}


def test_fault_087_a_bad_pair_is_never_put_there(deployed: Deployed) -> None:
    folder = deployed.site.root / "ssl"
    before = kit.tree_of(folder)
    for why, make in BAD.items():
        make(deployed)
        with pytest.raises(Refused, match=why):
            deployed.shop().plan()
        assert kit.tree_of(folder) == before
    assert deployed.site.served() == deployed.old


@pytest.mark.long
def test_fault_087_what_is_given_leave_for_may_be(deployed: Deployed) -> None:
    deployed.issue(NAMES[0])
    assert deployed.shop(fewer_names=True).plan() is not None
    _another_ca(deployed)
    assert deployed.shop(another_ca=True).plan() is not None


@pytest.mark.long
def test_fault_087_a_pair_that_changes_after_the_plan_is_not_put_there(deployed: Deployed) -> None:
    deployed.issue()
    shop = deployed.shop()
    change = shop.wanted()
    _another_key(deployed)
    assert b"another pair by now; nothing was done" in fails(shop, change)
    assert deployed.site.served() == deployed.old


@pytest.mark.long
def test_fault_087_a_key_that_was_open_is_closed_and_keeps_its_owner(deployed: Deployed) -> None:
    deployed.issue()
    key = deployed.site.root / "ssl" / "privkey.pem"
    key.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(key, 12345, 54321)
    before = key.stat()
    deployed.shop().apply()
    now = key.stat()
    assert (now.st_mode & 0o777, now.st_uid, now.st_gid) == (0o600, before.st_uid, before.st_gid)


@pytest.mark.long
def test_fault_087_where_nginx_refuses_the_pair_the_old_one_is_back(deployed: Deployed) -> None:
    """What nginx alone can tell: a configuration that it no longer takes once the plan is made."""
    deployed.issue()
    shop = deployed.shop()
    change = shop.wanted()
    kept = deployed.site.config.read_text()
    deployed.site.config.write_text(kept.replace("worker_processes 2;", "worker_processes nonsense;"))
    try:
        assert b"nginx refuses the new pair" in fails(shop, change)
    finally:
        deployed.site.config.write_text(kept)
    assert deployed.site.served() == deployed.old
    assert deployed.site.nginx("-t") == ""


def test_fault_087_where_it_is_not_served_in_time_the_old_one_is_back(deployed: Deployed) -> None:
    """nginx reads its pair elsewhere: the files are right, and nobody is served by them."""
    deployed.issue()
    kept = deployed.site.config.read_text()
    shutil.copytree(deployed.site.root / "ssl", deployed.site.root / "elsewhere", dirs_exist_ok=True)
    deployed.site.config.write_text(kept.replace(f"{deployed.site.root}/ssl/", f"{deployed.site.root}/elsewhere/"))
    try:
        shop = deployed.shop(served_within="2s")
        assert b"the old pair is back" in fails(shop, shop.wanted())
    finally:
        deployed.site.config.write_text(kept)
    assert deployed.site.served() == deployed.old


@pytest.mark.long
def test_an_nginx_that_is_down_runs_afterwards(deployed: Deployed) -> None:
    new = deployed.issue()
    deployed.site.stop_nginx()
    deployed.shop().apply()
    assert deployed.site.served() == new


def _scene(d: Deployed) -> Scene:
    def sick(_: Ground) -> None:
        d.fresh()
        if not d.lineage.exists():
            d.issue()

    def healthy(ground: Ground) -> None:
        sick(ground)
        d.shop().apply()

    def snapshot(_: Ground) -> object:
        folder = d.site.root / "ssl"
        new = (d.lineage / "fullchain.pem").read_bytes()
        return [(folder / "fullchain.pem").read_bytes() == new, d.site.served() == d.old, d.site.nginx_pid() > 0]

    return Scene("cert.deploy", "cert.deploy", lambda _: d.params, sick, healthy, snapshot)


SAMPLE = (kit.a_healthy_host_is_left_alone,)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.OF_FUNCTIONS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_deploying(proof: Callable[[Played], None], deployed: Deployed, tmp_path: Path) -> None:
    played = play(_scene(deployed), Ground(tmp_path, tmp_path), deployed.end, deployed.catalogue, deployed.host)
    proof(replace(played, cut_every_s=0.1))
