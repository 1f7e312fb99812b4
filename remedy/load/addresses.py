"""Addresses of hosts and their pinned keys: strict, so that nothing can pass for an option or a command."""

from __future__ import annotations

import base64
import binascii
import re

from remedy.errors import Invalid
from remedy.model import Address

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # RFC 1123, section 2.1
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", re.ASCII)  # useradd(8), with the dots that sites use
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII)  # Docker's own rule for names
_SSH = re.compile(r"ssh://(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/@]*)(?::([0-9]{1,5}))?", re.ASCII)
KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "ssh-rsa",
)
_FORMS = "ssh://USER@NAME:PORT, docker://CONTAINER or local://"


def parse_address(text: str) -> Address:
    """The address, or Invalid. A name is RFC 1123 or an IP address; nothing begins with a dash."""
    if text == "local://":
        return Address(scheme="local")
    if text.startswith("docker://"):
        name = text.removeprefix("docker://")
        if "@" in name:
            fix = "leave it out; become: true is root there"
            raise Invalid("wanted no login before the name: a container is entered as its own user", fix=fix)
        if not _CONTAINER.fullmatch(name):
            raise Invalid("wanted the name of a container after docker://", fix="for example docker://web-1")
        return Address(scheme="docker", name=name)
    found = _SSH.fullmatch(text)
    if not found:
        raise Invalid(f"wanted {_FORMS}", fix="for example ssh://deploy@10.0.0.11:22")
    return _ssh(found[1], found[2], found[3])


def parse_engine(text: str) -> str:
    """The socket of a Docker engine, `unix:///PATH`. Raises Invalid: an engine elsewhere is reached `via` its host."""
    path = text.removeprefix("unix://")
    if path == text or not path.startswith("/") or not path.isprintable() or ".." in path.split("/"):
        raise Invalid("wanted unix:///PATH of a socket", fix="reach a container of another machine with `via: HOST`")
    return text


def _ssh(user: str | None, name: str, port: str | None) -> Address:
    if user is not None and not _USER.fullmatch(user):
        raise Invalid("wanted the name of a login before @", fix="for example ssh://deploy@10.0.0.11:22")
    if not _is_host(name):
        raise Invalid("wanted a host name (RFC 1123) or an IP address", fix="for example ssh://deploy@10.0.0.11:22")
    number = int(port) if port else 22
    if not 1 <= number <= 65535:
        raise Invalid("wanted a port from 1 to 65535")
    return Address(scheme="ssh", name=name.strip("[]"), port=number, user=user or "")


def _is_host(name: str) -> bool:
    if name.startswith("["):
        return _is_ip(name[1:-1], 6)
    if re.fullmatch(r"[0-9.]+", name):  # all digits: an IPv4 address, or nothing
        return _is_ip(name, 4)
    return len(name) <= 253 and _NAME.fullmatch(name) is not None


def _is_ip(text: str, version: int) -> bool:
    import ipaddress  # noqa: PLC0415 - only for addresses that are numbers

    try:
        return ipaddress.ip_address(text).version == version and "%" not in text
    except ValueError:
        return False


def parse_host_key(text: str) -> str:
    """A host key as `TYPE BASE64`, its comment dropped. Raises Invalid."""
    kind, _, rest = text.strip().partition(" ")
    encoded = rest.strip().partition(" ")[0]
    if kind not in KEY_TYPES:
        raise Invalid(f"wanted TYPE BASE64, TYPE one of {', '.join(KEY_TYPES)}", fix="remedy trust HOST shows it")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    name = kind.encode()
    if not blob.startswith(len(name).to_bytes(4, "big") + name) or len(blob) <= 4 + len(name):
        raise Invalid(f"this is no {kind} key: its base64 does not say so", fix="remedy trust HOST shows it")
    return f"{kind} {encoded}"
