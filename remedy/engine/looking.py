"""Ask a host for every symptom of every playbook that fits it: one conversation, one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from remedy.actions.catalogue import Catalogue
from remedy.engine import checks
from remedy.engine.fleet import Fleet, on_all
from remedy.engine.survey import STATE, Survey, Unfit, questions, survey, unfit_of
from remedy.errors import Invalid, Refused, RemedyError
from remedy.load.resolve import resolve
from remedy.load.resolved import Playbook, Resolved
from remedy.model import Asked, Host

Overrides = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Looker:
    """All that looking needs. `unread` are playbooks that could not be read; `given` are values by name (`-p`)."""

    fleet: Fleet
    catalogue: Catalogue
    playbooks: Sequence[Playbook]
    unread: Sequence[Unfit]
    given: Overrides
    progress: Callable[[str, str], None]

    def look(self, hosts: Sequence[Host]) -> dict[str, Survey | RemedyError]:
        """What every host says, or why it said nothing; hosts side by side."""
        return on_all(hosts, self._host, lambda h: h.name)

    def _host(self, host: Host) -> Survey:
        fitting, unfit = self._fit(host)
        state = self._state(host)
        looks = questions(fitting, state)
        if not looks:
            return survey(host.name, fitting, unfit, {}, self.catalogue)
        self.progress(host.name, "connecting")
        session = self.fleet.session(host)
        self.progress(host.name, "looking")
        replies = dict(zip(looks, session.look(looks), strict=True))
        self.progress(host.name, "seen")
        return survey(host.name, fitting, unfit, replies, self.catalogue, state)

    def _fit(self, host: Host) -> tuple[list[Resolved], list[Unfit]]:
        """The playbooks whose symptom can be asked of this host, and the others."""
        fitting: list[Resolved] = []
        unfit = list(self.unread)
        for playbook in self.playbooks:
            try:
                resolved = resolve(playbook, host, values_for(playbook, self.given), self.catalogue)
            except (Invalid, Refused) as error:
                unfit.append(unfit_of(playbook.name, error))
                continue
            if checks.is_empty(resolved.symptom):
                unfit.append(Unfit(playbook=playbook.name, why="it has no symptom to ask for"))
            else:
                fitting.append(resolved)
        return fitting, unfit

    def _state(self, host: Host) -> Asked | None:
        """How the host is in general, where the catalogue can ask that."""
        if STATE not in self.catalogue.checks:
            return None
        return Asked(check=STATE, params={}, look=self.catalogue.check(STATE, {}).look(host))


def values_for(playbook: Playbook, given: Overrides) -> dict[str, str]:
    """Those of the given values that this playbook declares."""
    declared = {s.name for s in playbook.params}
    return {name: value for name, value in given.items() if name in declared}
