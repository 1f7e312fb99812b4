"""A host's key: fetched, compared by a person, pinned."""

from __future__ import annotations

from pathlib import Path

from remedy.cli.asking import prompt
from remedy.cli.pinning import pin
from remedy.cli.shown.text import visible
from remedy.cli.wiring import Parts
from remedy.errors import HostKeyRefused, Unapproved
from remedy.hosts.trust import OfferedKey, fetch_host_key
from remedy.load.inventory import select
from remedy.model import Draft, Host, Kind


def trust(parts: Parts, name: str, fingerprint: str, *, as_json: bool) -> None:
    """Pin the key that a host shows. Raises HostKeyRefused for another than the pinned or the named one."""
    (host,) = select(parts.inventory, [name], [])
    key = fetch_host_key(host, _route(parts, host), parts.clock)
    already = _is_pinned(host, key)
    if not already:
        _demand_consent(parts, host, key, fingerprint)
    pinned_in = "" if already else pin(parts.home.inventory, parts.inventory, host, key.line)
    if not already:
        body = {"key": key.line, "fingerprint": key.fingerprint, "person": parts.person, "pinned_in": pinned_in}
        parts.store.append([Draft(kind=Kind.TRUSTED, body=body, host=host.name)])
    if as_json:
        parts.world.document(
            {"host": host.name, "host_key": key.line, "fingerprint": key.fingerprint, "pinned_in": pinned_in}
        )
    else:
        parts.world.out(*_told(host, key, pinned_in, already=already))


def _route(parts: Parts, host: Host) -> list[Host]:
    """The hosts to go through. Raises HostKeyRefused where one of them is not trusted yet."""
    from remedy.hosts.secrets import resolve_secret  # noqa: PLC0415 — where it is used
    from remedy.hosts.transport import Hosts  # noqa: PLC0415 — where it is used

    return Hosts(resolve=resolve_secret, clock=parts.clock, others=parts.inventory.hosts).route(host)


def _is_pinned(host: Host, key: OfferedKey) -> bool:
    """Whether this very key is pinned. Raises HostKeyRefused where another one is."""
    if key.line in host.host_key:
        return True
    if host.host_key:
        raise HostKeyRefused(
            f"{host.name} shows {key.fingerprint}, which is not the key that is pinned",
            at=host.at,
            fix="find out why before anything else; a pinned key is replaced by hand only",
        )
    return False


def _demand_consent(parts: Parts, host: Host, key: OfferedKey, fingerprint: str) -> None:
    if fingerprint:
        if fingerprint != key.fingerprint:
            raise HostKeyRefused(f"{host.name} shows {key.fingerprint}, not {visible(fingerprint)}", at=host.at)
        return
    parts.world.err(f"{host.name} ({host.address}) shows the key", f"  {key.kind} {key.fingerprint}")
    if not parts.world.has_person:
        raise Unapproved(
            f"{host.name} shows {key.fingerprint}, and nobody is here to compare it",
            at=host.at,
            fix=f"compare it with the host's own, then: remedy trust {host.name} --fingerprint {key.fingerprint}",
        )
    if prompt(parts.world, "Is this the host's own key? Type yes to pin it: ").strip().lower() != "yes":
        raise Unapproved(f"the key of {host.name} was not pinned", at=host.at)


def _told(host: Host, key: OfferedKey, pinned_in: str, *, already: bool) -> list[str]:
    if already:
        return [f"{host.name}: {key.fingerprint} is pinned already"]
    if pinned_in:
        return [f"{host.name}: {key.fingerprint} is pinned in {Path(pinned_in).name}"]
    return [f"add this line to the entry of {host.name}, at {host.at}:", f"    host_key: {key.line}"]
