"""The first half of an SSH connection: reach a host and exchange keys. No credential is sent here."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterable

import paramiko

from remedy.errors import HostKeyRefused, RemedyError, Unreachable
from remedy.hosts.keys import ALGORITHMS
from remedy.model import Address

CONNECT_S = 10.0
BANNER_S = 10.0
EXCHANGE_S = 15.0
LOG = "remedy.hosts.ssh"

# Curve25519 first: it costs a tenth of the finite-field groups. Nothing that rests on SHA-1, MD5 or CBC.
KEX = (
    "curve25519-sha256@libssh.org",
    "curve25519-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
)
# GCM first: what has a check of its own is not checked byte by byte in Python.
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr", "aes192-ctr")
MACS = ("hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")


def greet(
    name: str, address: Address, kinds: Iterable[str], through: paramiko.Transport | None = None
) -> paramiko.Transport:
    """Connect and exchange keys, offering only these types of host key.

    Raises HostKeyRefused when the host has none of these types, else Unreachable.
    """
    sock = _socket(name, address, through)
    try:
        transport = paramiko.Transport(sock)
    except (paramiko.SSHException, OSError) as error:
        raise Unreachable(f"{name}: {address}: {error}") from error
    try:
        _exchange(name, address, transport, kinds)
    except RemedyError:
        close_all([transport])
        raise
    return transport


def close_all(transports: list[paramiko.Transport]) -> None:
    """Close them; shutting the socket down first wakes the reading thread, which else sleeps on for 0.1 s."""
    for transport in reversed(transports):
        with contextlib.suppress(OSError, AttributeError, TypeError, EOFError):
            transport.sock.shutdown(socket.SHUT_RDWR)  # it may be down already, or another host's channel
        transport.close()


def _socket(name: str, address: Address, through: paramiko.Transport | None) -> socket.socket | paramiko.Channel:
    try:
        if through:
            target, origin = (address.name, address.port), ("127.0.0.1", 0)
            return through.open_channel("direct-tcpip", target, origin, timeout=CONNECT_S)
        sock = socket.create_connection((address.name, address.port), CONNECT_S)
        # Else each small packet waits some 40 ms for the acknowledgement of the one before it (Nagle).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError as error:
        raise Unreachable(f"{name}: {address} does not answer within {CONNECT_S:.0f} s") from error
    except (OSError, paramiko.SSHException, UnicodeError) as error:
        raise Unreachable(f"{name}: {address} cannot be reached: {error}") from error
    return sock


def _exchange(name: str, address: Address, transport: paramiko.Transport, kinds: Iterable[str]) -> None:
    _be_quiet(transport)
    offer = transport.get_security_options()
    offer.kex = tuple(k for k in KEX if k in offer.kex)
    offer.ciphers = tuple(c for c in CIPHERS if c in offer.ciphers)
    offer.digests = tuple(d for d in MACS if d in offer.digests)
    offer.key_types = tuple(a for kind in dict.fromkeys(kinds) for a in ALGORITHMS[kind])
    transport.banner_timeout = BANNER_S
    try:
        transport.start_client(timeout=EXCHANGE_S)
    except paramiko.ssh_exception.IncompatiblePeer as error:
        if "host key" in str(error):
            fix = f"remedy trust {name}"
            raise HostKeyRefused(f"{name}: {address} shows no key of the pinned type", fix=fix) from error
        raise Unreachable(f"{name}: {address} offers no algorithm that is safe: {error}") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise Unreachable(f"{name}: {address}: {str(error) or 'it closed the connection'}") from error
    except RuntimeError as error:  # of the thread that reads from it
        raise Unreachable(f"{name}: not tried: {error}", fix="ulimit -u, or free some memory here") from error
    if not transport.initial_kex_done:
        raise Unreachable(f"{name}: {address} did not finish the key exchange within {EXCHANGE_S:.0f} s")
    if not getattr(transport, "agreed_on_strict_kex", False):  # CVE-2023-48795
        raise Unreachable(f"{name}: {address} has no strict key exchange", fix="update its SSH server")


def _be_quiet(transport: paramiko.Transport) -> None:
    """Let the library's log go where ours goes, and nowhere when nobody listens: it prints tracebacks."""
    transport.set_log_channel(LOG)
    logger = logging.getLogger(LOG)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
