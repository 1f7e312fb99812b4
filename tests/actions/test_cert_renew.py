"""cert.renew with a real certbot, nginx and ACME server: nginx serves whatever happens, a new serial is the proof."""

import fcntl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Change, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab.authority import Authority
from tests.lab.site import NAMES, Site, serial_of


@dataclass
class Renewed:
    """A site whose lineage ends soon: version 1 is of an authority of the tests, whatever comes after is the CA's."""

    site: Site
    lineage: str
    old: str
    end: FarEnd
    catalogue: Catalogue
    host: Host

    @property
    def params(self) -> dict[str, Json]:
        root = self.site.root
        return {
            "lineage": self.lineage,
            "config_dir": f"{root}/le",
            "work_dir": f"{root}/work",
            "logs_dir": f"{root}/logs",
            "ca": f"{root}/roots.pem",
            "server_ca": f"{root}/acme.pem",
        }

    def shop(self, **params: Json) -> Acting:
        return Acting(self.end, self.catalogue.action("cert.renew", self.params | params), self.host)

    @property
    def live(self) -> Path:
        return self.site.live / self.lineage

    @property
    def serial(self) -> str:
        return serial_of((self.live / "fullchain.pem").read_text())

    def version(self) -> str:
        (number,) = {p.readlink().stem.lstrip("abcdefghijklmnopqrstuvwxyz") for p in self.live.glob("*.pem")}
        return number

    def fresh(self) -> None:
        """The lineage has its first version alone, which is live."""
        archive = self.site.root / "le" / "archive" / self.lineage
        for path in archive.iterdir():
            path.unlink() if not path.stem.endswith("1") or path.stem.endswith("11") else None
        for path in self.live.glob("*.pem"):
            path.unlink()
            path.symlink_to(f"../../archive/{self.lineage}/{path.stem}1.pem")


@pytest.fixture(scope="module")
def ended(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A lineage of the CA's account whose certificate has ten days left, and its serial. The site serves it."""
    lineage = f"renew-{token_hex(4)}"
    site.issue(lineage, *NAMES)
    made = tmp_path_factory.mktemp("short")
    old = Authority("Old Trust").issue(made, *NAMES, days=10)
    archive(made, site.root / "le" / "archive" / lineage, 1)
    Path("/run/remedy").mkdir(mode=0o700, exist_ok=True)  # where a host writes its tries down
    site.install(lineage)
    site.reload()
    site.until(lambda: site.served() == old)
    yield lineage, old
    site.install("shop")
    site.reload()


def archive(pair: Path, folder: Path, version: int) -> None:
    """A pair as certbot keeps it: four files of one version."""
    full = (pair / "fullchain.pem").read_text()
    leaf, mark, chain = full.partition("-----END CERTIFICATE-----\n")
    texts = {"cert": leaf + mark, "chain": chain, "fullchain": full, "privkey": (pair / "privkey.pem").read_text()}
    for name, text in texts.items():
        (folder / f"{name}{version}.pem").write_text(text)


@pytest.fixture
def renewed(ended: tuple[str, str], site: Site, tmp_path: Path, catalogue: Catalogue, host: Host) -> Iterator[Renewed]:
    here = far_end_of("dash", tmp_path)
    assert here is not None
    found = Renewed(site, *ended, here, catalogue, host)
    found.fresh()
    yield found
    found.fresh()


def fails(shop: Acting, change: Change) -> bytes:
    (operation,) = change.operations
    done = shop.end.act(operation)
    assert done.returncode
    return done.stderr


def test_another_certificate_is_live_and_nginx_never_stopped(renewed: Renewed) -> None:
    pid = renewed.site.nginx_pid()
    shop = renewed.shop(at_most=50)
    assert renewed.shop(days=5).plan() is None
    before = shop.see()
    change = shop.apply()
    assert (renewed.version(), renewed.serial != renewed.old) == ("2", True)
    assert shop.plan() is None
    assert (renewed.site.nginx_pid(), renewed.site.served()) == (pid, renewed.old)
    with pytest.raises(Refused, match="tried 1 time within 6 h"):
        renewed.shop(even_if_valid=True).plan()
    assert isinstance(change.undo, UndoBy)
    for _ in range(2):
        for operation in change.undo.operations:
            assert shop.end.act(operation).returncode == 0
        assert (renewed.version(), renewed.serial) == ("1", renewed.old)
        assert shop.action.restored(before, shop.see()) == ""


def test_fault_088_a_certbot_at_work_is_waited_for(renewed: Renewed) -> None:
    with (renewed.site.root / "work" / ".certbot.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="certbot is at work"):
            renewed.shop(at_most=50).plan()
    assert renewed.shop(at_most=50).plan() is not None, "a file that nobody holds is no lock"
    (renewed.site.root / "work" / ".certbot.lock").unlink()


def test_fault_088_where_the_challenge_cannot_be_fetched_nginx_goes_on(renewed: Renewed) -> None:
    """The CA looks elsewhere than where the challenge lies, as with a port 80 that nobody answers."""
    wrong = renewed.site.root / "nowhere"
    wrong.mkdir(exist_ok=True)
    shop = renewed.shop(at_most=50, webroot=str(wrong))
    assert b"certbot did not renew it" in fails(shop, shop.wanted())
    assert (renewed.site.served(), renewed.version()) == (renewed.old, "1")
    conf = (renewed.site.root / "le" / "renewal" / f"{renewed.lineage}.conf").read_text()
    assert "nowhere" not in conf


def test_fault_088_a_ca_that_is_down_is_tried_once(renewed: Renewed) -> None:
    shop = renewed.shop(at_most=50, server="https://127.0.0.1:9/dir")
    assert b"certbot did not renew it" in fails(shop, shop.wanted())
    assert (renewed.site.served(), renewed.version()) == (renewed.old, "1")
    with pytest.raises(Refused, match="tried 1 time"):
        renewed.shop().plan()


@pytest.mark.long
def test_fault_087_a_certificate_of_a_ca_that_is_not_trusted_is_not_taken(renewed: Renewed, tmp_path: Path) -> None:
    shop = renewed.shop(at_most=50, ca=str(Authority().roots(tmp_path / "roots.pem")))
    assert b"version 1 is live again" in fails(shop, shop.wanted())
    assert (renewed.serial, renewed.version()) == (renewed.old, "1")


@pytest.mark.long
def test_fault_087_a_renewal_that_yields_nothing_has_failed(renewed: Renewed, tmp_path: Path) -> None:
    """A certbot that ends well and has done nothing, as it does for a lineage that it thinks is not due."""
    (operation,) = renewed.shop(at_most=50).wanted().operations
    done = with_certbot(renewed, tmp_path, "echo nothing is due").act(operation)
    assert (done.returncode, done.stdout.decode().strip()) == (1, renewed.old)


def _another_key(ca: Authority, folder: Path) -> None:
    ca.issue(folder, *NAMES)
    key = (folder / "privkey.pem").read_bytes()
    ca.issue(folder, *NAMES)
    (folder / "privkey.pem").write_bytes(key)


@dataclass(frozen=True)
class Worse:
    """What a renewal may yield that is worse than what there was."""

    says: str
    make: Callable[[Authority, Path], object]


WORSE = (
    Worse("it is not good for www.shop.test", lambda ca, at: ca.issue(at, NAMES[0])),
    Worse("it ends no later than the one before", lambda ca, at: ca.issue(at, *NAMES, days=8)),
    Worse("it is not valid yet", lambda ca, at: ca.issue(at, *NAMES, begins=2)),
    Worse("its chain does not lead to a trusted root", lambda ca, at: ca.issue(at, *NAMES, has_chain=False)),
    Worse("its chain does not lead to a trusted root", lambda _, at: Authority("(STAGING) CA").issue(at, *NAMES)),
    Worse("its key is another certificate's", _another_key),
)


@pytest.mark.long
@pytest.mark.parametrize("worse", WORSE, ids=lambda w: w.says.replace(" ", "-"))
def test_fault_087_a_renewal_that_yields_something_worse_is_not_taken(
    renewed: Renewed, tmp_path: Path, worse: Worse
) -> None:
    ca = Authority()
    kept = renewed.site.root / "le" / "archive" / renewed.lineage
    worse.make(ca, tmp_path / "pair")
    archive(tmp_path / "pair", kept, 2)
    point = (
        f"for n in cert chain fullchain privkey; do ln -sfn ../../archive/{renewed.lineage}/${{n}}2.pem $n.pem; done"
    )
    roots = str(ca.roots(tmp_path / "roots.pem"))
    (operation,) = renewed.shop(at_most=100, ca=roots).wanted().operations
    done = with_certbot(renewed, tmp_path, f"cd {renewed.live} && {point}").act(operation)
    assert (done.returncode, worse.says.encode() in done.stderr) == (1, True), done.stderr
    assert (renewed.serial, renewed.version(), renewed.site.served()) == (renewed.old, "1", renewed.old)


@pytest.mark.long
def test_fault_088_a_ca_that_has_been_asked_too_often_is_not_asked_again_for_six_hours(
    renewed: Renewed, tmp_path: Path
) -> None:
    before = tries(renewed)
    (operation,) = renewed.shop(at_most=before + 1).wanted().operations
    said = "echo 'urn:ietf:params:acme:error:rateLimited :: too many failed authorizations recently' >&2; exit 1"
    done = with_certbot(renewed, tmp_path, said).act(operation)
    assert (done.returncode, b"rateLimited" in done.stderr) == (1, True)
    assert (renewed.site.served(), renewed.version(), tries(renewed)) == (renewed.old, "1", before + 1)
    with pytest.raises(Refused, match=f"was tried {before + 1} times? within 6 h"):
        renewed.shop(at_most=before + 1).plan()


def with_certbot(renewed: Renewed, folder: Path, does: str) -> FarEnd:
    """The far end, with a certbot in front of the real one."""
    (folder / "bin").mkdir()
    (folder / "bin" / "certbot").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "bin" / "certbot").chmod(0o755)
    return replace(renewed.end, path=f"{folder}/bin:{renewed.end.path}")


def tries(renewed: Renewed) -> int:
    """How often remedy has tried this lineage, by what the host wrote down."""
    book = Path("/run/remedy/restarts")
    name = f"cert:{renewed.site.root}/le/{renewed.lineage}"
    return sum(line.endswith(f" {name}") for line in book.read_text().splitlines()) if book.exists() else 0


@pytest.mark.long
def test_a_lineage_that_was_renewed_since_the_plan_is_left_alone(renewed: Renewed) -> None:
    shop = renewed.shop(at_most=50)
    change = shop.wanted()
    shop.apply()
    assert b"another certificate by now; nothing was done" in fails(shop, change)
    assert renewed.version() == "2"


def test_what_might_stop_nginx_or_is_no_webroot_is_refused(renewed: Renewed) -> None:
    conf = renewed.site.root / "le" / "renewal" / f"{renewed.lineage}.conf"
    kept = conf.read_text()
    try:
        conf.write_text(kept + "pre_hook = systemctl stop nginx\n")
        with pytest.raises(Refused, match="a hook of certbot's would run before"):
            renewed.shop(at_most=50).plan()
        conf.write_text(kept.replace("authenticator = webroot", "authenticator = standalone"))
        with pytest.raises(Refused, match="renewed by standalone, not by webroot"):
            renewed.shop(at_most=50).plan()
        assert renewed.shop(at_most=50, webroot=f"{renewed.site.root}/webroot").plan() is not None
    finally:
        conf.write_text(kept)
    with pytest.raises(Refused, match="no lineage other") as refused:
        renewed.shop(lineage="other").plan()
    assert renewed.lineage in refused.value.fix


def _scene(r: Renewed) -> Scene:
    def healthy(_: Ground) -> None:
        if r.version() == "1":
            r.shop(at_most=50).apply()

    def snapshot(_: Ground) -> object:
        return [r.serial == r.old, r.site.served() == r.old, r.site.nginx_pid() > 0]

    return Scene(
        "cert.renew", "cert.renew", lambda _: r.params | {"at_most": 100}, lambda _: r.fresh(), healthy, snapshot
    )


SAMPLE = (kit.looking_changes_nothing,)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_renewing(proof: Callable[[Played], None], renewed: Renewed, tmp_path: Path) -> None:
    played = play(_scene(renewed), Ground(tmp_path, tmp_path), renewed.end, renewed.catalogue, renewed.host)
    proof(replace(played, cut_every_s=0.4))
