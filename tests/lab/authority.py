"""A certificate authority of the tests: a root, an intermediate, and whatever pairs a test wants, wrong ones too."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)
Key = ec.EllipticCurvePrivateKey


class Authority:
    """Issues pairs below a root of its own."""

    def __init__(self, organization: str = "Lab Trust") -> None:
        self.organization = organization
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._signed("Root", self.root_key.public_key(), "Root", self.root_key)
        self.intermediate = self._signed("Intermediate", self.key.public_key(), "Root", self.root_key)

    def roots(self, path: Path) -> Path:
        path.write_bytes(_pem(self.root))
        return path

    def issue(self, folder: Path, *names: str, days: int = 90, begins: int = -1, has_chain: bool = True) -> str:
        """Write fullchain.pem and privkey.pem; the serial as openssl says it."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._signed(names[0], key.public_key(), "Intermediate", self.key, names, (begins, days))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fullchain.pem").write_bytes(_pem(cert) + (_pem(self.intermediate) if has_chain else b""))
        form = serialization.PrivateFormat.PKCS8
        (folder / "privkey.pem").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        )
        (folder / "privkey.pem").chmod(0o600)
        serial = f"{cert.serial_number:X}"
        return serial if len(serial) % 2 == 0 else f"0{serial}"

    def _signed(
        self,
        name: str,
        public: ec.EllipticCurvePublicKey,
        issuer: str,
        by: Key,
        names: tuple[str, ...] = (),
        days: tuple[int, int] = (-400, 4000),
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name(name) if not names else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name(issuer))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY)
            .not_valid_after(now + days[1] * DAY)
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
            )
        return builder.sign(by, hashes.SHA256())

    def _name(self, common: str) -> x509.Name:
        given = ((NameOID.ORGANIZATION_NAME, self.organization), (NameOID.COMMON_NAME, common))
        return x509.Name([x509.NameAttribute(kind, text) for kind, text in given])


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)
