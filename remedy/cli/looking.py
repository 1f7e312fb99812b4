"""Hosts, playbooks and the record brought together for `remedy look`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from remedy.actions.by_hand import quoted
from remedy.cli.options import Target
from remedy.cli.progress import Progress
from remedy.cli.wiring import Parts, overrides_of
from remedy.engine.looking import Looker
from remedy.engine.survey import Survey, Symptom, Unfit, unfit_of
from remedy.engine.told import its_own
from remedy.errors import Invalid, RemedyError, StoreError
from remedy.load.find import playbook_names
from remedy.load.inventory import select
from remedy.load.playbook import load_playbook
from remedy.load.resolved import Playbook
from remedy.load.text import shown, suggestion
from remedy.model import Host
from remedy.ports import RunRow

REMEMBERED = 500  # runs of the home that are searched for a host's own
RECENT = 3  # of them are shown


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One host: what it said, or the error it met; what the record has of it."""

    host: Host
    survey: Survey | None
    why: RemedyError | None = None
    runs: tuple[RunRow, ...] = ()  # of this host, newest first

    @property
    def open_runs(self) -> tuple[RunRow, ...]:
        return tuple(r for r in self.runs if not r.closed_at)


@dataclass(frozen=True, kw_only=True)
class Looking:
    """All that one command saw. `unrecorded` is why the record could not be read; then no run is known."""

    hosts: tuple[Looked, ...]
    playbooks: int
    now: datetime
    begin: tuple[str, ...] = ("remedy",)  # of every command that is named as the next
    given: Mapping[str, str] = field(default_factory=dict)  # values of -p
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)  # parameters by playbook
    unrecorded: str = ""

    def next_command(self, symptom: Symptom, host: str) -> str:
        """What to type for this symptom, every word quoted."""
        own = self.declared.get(symptom.playbook, frozenset())
        values = [w for name, value in self.given.items() if name in own for w in ("-p", f"{name}={value}")]
        return self.command("apply", symptom.playbook, "--host", host, *values)

    def command(self, *words: str) -> str:
        """A command of remedy for the same home."""
        return " ".join(map(quoted, (*self.begin, *words)))


def look(parts: Parts, target: Target) -> Looking:
    """Ask the hosts. Raises Invalid for a host, a group or a -p that means nothing."""
    chosen = select(parts.inventory, target.hosts, target.groups)
    playbooks, unread = _playbooks(parts)
    given = overrides_of(target.given)
    declared = {p.name: frozenset(s.name for s in p.params) for p in playbooks}
    _demand_declared(given, declared)
    progress = Progress(parts.world)
    looker = Looker(
        fleet=parts.fleet,
        catalogue=parts.catalogue,
        playbooks=playbooks,
        unread=unread,
        given=given,
        progress=progress.host,
    )
    try:
        met = looker.look(chosen)
    finally:
        progress.done()
    runs, unrecorded = _runs(parts)
    asked_home = parts.world.asked_home
    return Looking(
        hosts=tuple(_looked(h, met[h.name], runs, alone=len(chosen) == 1) for h in chosen),
        playbooks=len(playbooks) + len(unread),
        now=parts.clock.now(),
        begin=("remedy", "-C", asked_home) if asked_home else ("remedy",),
        given=given,
        declared=declared,
        unrecorded=unrecorded,
    )


def _looked(host: Host, met: Survey | RemedyError, runs: Sequence[RunRow], *, alone: bool) -> Looked:
    own = tuple(r for r in runs if host.name in r.hosts)
    if isinstance(met, Survey):
        return Looked(host=host, survey=met, runs=own)
    return Looked(host=host, survey=None, why=its_own(met, alone=alone), runs=own)


def _playbooks(parts: Parts) -> tuple[list[Playbook], list[Unfit]]:
    """Every playbook that can be named; those that are wrong, with the first thing that is."""
    found: list[Playbook] = []
    wrong: list[Unfit] = []
    for name in playbook_names(parts.home.path):
        try:
            found.append(load_playbook(name, parts.home.path, parts.catalogue))
        except Invalid as error:
            wrong.append(unfit_of(name, Invalid(error.message, fix=f"remedy validate says what is wrong with {name}")))
    return found, wrong


def _demand_declared(given: Mapping[str, str], declared: Mapping[str, frozenset[str]]) -> None:
    known = sorted({name for names in declared.values() for name in names})
    for name in given:
        if name not in known:
            raise Invalid(
                f"no playbook has a parameter {shown(name)}", at=f"-p {shown(name)}", fix=suggestion(name, known)
            )


def _runs(parts: Parts) -> tuple[tuple[RunRow, ...], str]:
    """The latest runs; a record that cannot be read keeps nobody from looking."""
    try:
        return parts.store.runs(REMEMBERED), ""
    except StoreError as error:
        return (), error.message
