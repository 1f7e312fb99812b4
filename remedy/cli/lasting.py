"""Consent that stands: given, listed, taken back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from remedy.actions.kinds import KINDS
from remedy.actions.words import size_text
from remedy.cli.options import Terms, path_of
from remedy.cli.shown.text import visible
from remedy.cli.wiring import Parts
from remedy.codec import encode
from remedy.engine.policy import need_of_one, subject_of
from remedy.errors import Invalid, Refused
from remedy.load.inventory import select
from remedy.load.playbook import load_playbook
from remedy.model import Host, Json, Risk, StandingApproval


def approve_standing(parts: Parts, playbook: str, terms: Terms, reason: str, *, as_json: bool) -> None:
    """Record a consent that stands, say what it covers, and where the policy still wants more. Raises Refused."""
    loaded = load_playbook(path_of(parts.world.cwd, playbook), parts.home.path, parts.catalogue)
    if not terms.group and not terms.host:
        raise Invalid("a standing approval names a group or a host", fix="--group NAME, or --host NAME, or both")
    hosts = _covered(parts, terms)
    now = parts.clock.now()
    approval = StandingApproval(
        id="s" + secrets.token_hex(4),
        playbook=loaded.name,
        playbook_digest=loaded.digest,
        person=parts.person,
        at=now.isoformat(timespec="microseconds"),
        expires_at=_until(terms.until, now, parts.policy.standing_s).isoformat(timespec="microseconds"),
        group=terms.group,
        host=terms.host,
        max_bytes=_size(terms.max_bytes),
        max_hosts=terms.max_hosts,
        max_risk=Risk[terms.max_risk.upper()],
        reason=reason,
    )
    parts.store.stand(approval)
    notes = _notes(parts, approval, hosts)
    if as_json:
        parts.world.document({**_json(approval), "notes": list[Json](notes)})
        return
    parts.world.out(f"standing approval {approval.id}: {terms_text(approval)}")
    parts.world.out(*(f"note: {visible(n)}" for n in notes))
    parts.world.out(
        f"used by: remedy apply {approval.playbook} --host {hosts[0].name} --standing",
        f"taken back by: remedy reject {approval.id}",
    )


def _covered(parts: Parts, terms: Terms) -> tuple[Host, ...]:
    hosts = select(parts.inventory, [terms.host] if terms.host else [], [terms.group] if terms.group else [])
    covered = tuple(h for h in hosts if (not terms.group or terms.group in h.groups) and terms.host in ("", h.name))
    if not covered:
        raise Refused(f"{terms.host} is not in the group {terms.group}", fix="leave one of them out")
    return covered


def _until(text: str, now: datetime, longest_s: int) -> datetime:
    """The moment that `7d` or `2030-01-31` means; UTC where no zone is written."""
    if not text:
        raise Invalid("a standing approval ends on a day", at="--until", fix="for example --until 30d")
    longest = now + timedelta(seconds=longest_s)
    until = _moment(text, now)
    if until <= now:
        raise Invalid(f"--until: {until:%Y-%m-%d %H:%M} UTC is past", at="--until", fix="for example --until 30d")
    if until > longest:
        most = f"{longest_s // 86_400} days" if longest_s >= 86_400 else f"{longest_s} s"
        fix = f"--until {longest:%Y-%m-%d}, or `standing:` in the policy"
        raise Refused(f"--until: a standing approval lasts at most {most} here", at="--until", fix=fix)
    return until


def _moment(text: str, now: datetime) -> datetime:
    try:
        return now + timedelta(seconds=int(str(KINDS["duration"].parse(text))))
    except Invalid:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("--until: no such time", at="--until", fix="--until 30d, or --until 2030-01-31") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _size(text: str) -> int:
    try:
        return int(str(KINDS["size"].parse(int(text) if text.isdecimal() else text)))
    except Invalid as wrong:
        raise Invalid(f"--max-bytes: {wrong.message}", at="--max-bytes", fix="for example --max-bytes 20GiB") from None


def _notes(parts: Parts, approval: StandingApproval, hosts: Sequence[Host]) -> list[str]:
    """Where the policy asks for more than this one consent."""
    notes = []
    if not approval.max_bytes:
        notes.append("a plan that frees, moves or writes anything is not covered; --max-bytes says how much may be")
    for host in hosts:
        for risk in Risk:
            if risk > approval.max_risk:
                break
            subject = subject_of(approval.playbook, host, risk)
            need = need_of_one(subject, parts.policy)
            where = f"{host.name}, {risk.word} risk"
            if need.never:
                notes.append(f"{where}: the policy forbids it all the same ({need.rule})")
            elif need.typed:
                notes.append(f"{where}: it serves nothing, for the policy wants the host's name typed ({need.rule})")
            elif need.people > 1:
                notes.append(f"{where}: the policy wants a second person ({need.rule})")
    return notes


# ---------------------------------------------------------------- listed and taken back


def terms_text(approval: StandingApproval) -> str:
    """What it covers, in a sentence."""
    where = " and ".join(w for w in (approval.group and f"group {approval.group}", approval.host) if w)
    hosts = "1 host" if approval.max_hosts == 1 else f"{approval.max_hosts} hosts"
    caps = f"up to {approval.max_risk.word} risk, {hosts} at once, {size_text(approval.max_bytes)} at once"
    until = f"until {approval.expires_at[:16].replace('T', ' ')} UTC"
    return f"{visible(approval.playbook)} on {visible(where)}, {caps}, {until}, by {visible(approval.person)}"


def state_of(parts: Parts, approval: StandingApproval) -> str:
    """Whether it still serves: standing, taken back, void, expired, or outdated by a playbook that changed."""
    if approval.revoked:
        return "taken back"
    if approval.void:
        return "void"
    if datetime.fromisoformat(approval.expires_at) <= max(parts.clock.now(), parts.store.latest()):
        return "expired"
    try:
        current = load_playbook(approval.playbook, parts.home.path, parts.catalogue).digest
    except (Invalid, Refused):
        current = ""
    return "standing" if current == approval.playbook_digest else "outdated"


def standing_rows(parts: Parts, *, open_only: bool) -> list[tuple[dict[str, Json], tuple[str, ...]]]:
    """Every standing approval, for scripts and for people."""
    found = [(s, state_of(parts, s)) for s in parts.store.standing()]
    return [
        ({**_json(s), "state": state}, _row(s, state)) for s, state in found if state == "standing" or not open_only
    ]


def _row(approval: StandingApproval, state: str) -> tuple[str, ...]:
    where = " ".join(w for w in (approval.group, approval.host) if w)
    most = f"{approval.max_risk.word}, {approval.max_hosts} at once, {size_text(approval.max_bytes)}"
    return (approval.id, approval.playbook, where, most, approval.expires_at[:16], approval.person, state)


def _json(approval: StandingApproval) -> dict[str, Json]:
    document = encode(approval)
    assert isinstance(document, dict)
    return {**document, "max_risk": approval.max_risk.word}


def take_back(parts: Parts, ref: str, reason: str, *, as_json: bool) -> None:
    """Take a standing approval back. Raises Invalid or Refused."""
    taken = parts.store.revoke(ref, parts.person, reason)
    if as_json:
        parts.world.document({**_json(taken), "state": "taken back"})
    else:
        parts.world.out(f"standing approval {taken.id} is taken back; what runs by it already runs on")


def means_standing(parts: Parts, ref: str) -> bool:
    """Whether this names a standing approval rather than a plan."""
    return ref.startswith("s") and any(s.id.startswith(ref) for s in parts.store.standing())
