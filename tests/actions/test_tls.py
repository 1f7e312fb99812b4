"""The checks of certificates against real files and a real nginx, under each shell."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host, Json
from tests.actions.acting import Ask
from tests.actions.far_end import FarEnd
from tests.lab.site import NAMES, Site, free_port, make_pair

pytestmark = pytest.mark.shells


@pytest.fixture
def openssl_end(far_end: FarEnd, tmp_path: Path) -> FarEnd:
    """Each shell; openssl is no part of any userland."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("not installed: openssl")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "openssl").symlink_to(program)
    return replace(far_end, path=f"{far_end.path}:{tmp_path}/bin")


@pytest.fixture
def ask(openssl_end: FarEnd, catalogue: Catalogue, host: Host) -> Ask:
    return Ask(openssl_end, catalogue, host)


def test_a_certificate_in_a_file_is_told_by_its_days_names_key_and_chain(ask: Ask, tmp_path: Path) -> None:
    cert, key = tmp_path / "c.pem", tmp_path / "c.key"
    make_pair(cert, key, "a.test", days=20, names="DNS:a.test,DNS:*.b.test")
    good: dict[str, Json] = {"file": str(cert), "key": str(key), "ca": str(cert)}
    right = ask("tls.expiry", **good, days=19, names=["A.test", "x.b.test"])
    assert right.answer is Answer.OK
    assert right.facts["days_left"] in (19, 20)
    assert right.facts["names"] == ["*.b.test", "a.test"]
    assert "days left" in ask("tls.expiry", **good, days=21).says
    assert "not good for b.test, y.x.b.test" in ask("tls.expiry", **good, days=1, names=["b.test", "y.x.b.test"]).says
    assert "trusted root (self-signed" in ask("tls.expiry", file=str(cert), days=1).says.replace(
        "self signed", "self-signed"
    )
    key.chmod(0o644)
    assert "read by everybody" in ask("tls.expiry", **good, days=1).says
    make_pair(tmp_path / "d.pem", key, "a.test")
    assert "another certificate's" in ask("tls.expiry", **good, days=1).says
    key.write_text("nonsense")
    assert "cannot be read" in ask("tls.expiry", **good, days=1).says


def test_what_is_no_certificate_cannot_be_told(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name, why in (("x.pem", "holds no certificate"), ("none.pem", "there is no")):
        reply = ask.reply("tls.expiry", file=f"{tmp_path}/{name}")
        assert not reply.answered
        assert why in reply.error


def test_the_served_certificate_is_what_counts(ask: Ask, site: Site, tmp_path: Path) -> None:
    good: dict[str, Json] = {"port": site.https, "names": list[Json](NAMES), "ca": f"{site.root}/roots.pem"}
    right = ask("tls.served", **good, same_as=f"{site.live}/shop/fullchain.pem")
    assert (right.answer, right.facts["serial"]) == (Answer.OK, site.served())
    make_pair(tmp_path / "c.pem", tmp_path / "c.key", NAMES[0])
    assert "it is not that of" in ask("tls.served", **good, same_as=f"{tmp_path}/c.pem").says
    assert "not good for other.test" in ask("tls.served", **(good | {"names": ["other.test"]})).says
    assert "does not lead to a trusted root" in ask("tls.served", port=site.https).says
    assert "wanted 3000" in ask("tls.served", **good, days=3000).says
    assert ask("tls.served", port=free_port()).says.endswith("connection refused")
    assert "no handshake" in ask("tls.served", port=site.http, timeout="2s").says
