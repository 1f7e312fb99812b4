"""A drill: what a playbook is for is broken on purpose, the playbook remedies it, and all is put back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from remedy.cli.asking import Consent
from remedy.cli.carrying import Manner, carried_out, consent, show_plan
from remedy.cli.options import Target, path_of
from remedy.cli.planning import planner_of
from remedy.cli.progress import Progress
from remedy.cli.restoring import demand_restored, is_back, one_host, restore
from remedy.cli.shown.drill_text import drill_json, drill_lines
from remedy.cli.shown.faults import show_error
from remedy.cli.wiring import Parts, overrides_of
from remedy.engine import checks, verify
from remedy.engine.report import RunState, exit_code
from remedy.engine.told import demand_some_told
from remedy.errors import CannotTell, Lost, Refused, RemedyError, Unreachable
from remedy.load.drills import injection_of
from remedy.load.playbook import load_playbook
from remedy.load.resolve import resolve
from remedy.load.resolved import Resolved
from remedy.model import Answer, Host, NotOf, Outcome, Plan, Verdict
from remedy.model.drilled import Drilled
from remedy.model.policy import PRODUCTION

RESTORED_S = 60  # for the symptom to go after all is put back, at least
AGAIN_S = 1.0
UNASKED = Manner(unasked="a drill: nobody was here to be asked")


def host_of(parts: Parts, target: Target) -> Host:
    """The one host of a drill, which its inventory marks as there for it. Raises Refused."""
    host = one_host(parts, target)
    if host.environment == PRODUCTION:
        raise Refused(
            f"{host.name} is of {PRODUCTION}: nothing is broken on purpose there", at=host.at, fix="drill another host"
        )
    if not host.drillable:
        raise Refused(f"{host.name} is not marked as drillable", at=host.at, fix="in its entry: drillable: true")
    return host


def drill(parts: Parts, name: str, target: Target, said: Consent, *, json: bool) -> int:
    """Break, wait for the symptom, remedy, put back; told with the times. 0 only where all of it held."""
    playbook = load_playbook(path_of(parts.world.cwd, name), parts.home.path, parts.catalogue)
    injection, host = injection_of(playbook), host_of(parts, target)
    demand_restored(parts, host)
    assert playbook.drill is not None
    values = {**playbook.drill.values, **overrides_of(target.given)}
    one = Drill(
        parts=parts,
        injection=resolve(injection, host, values, parts.catalogue),
        remedy=resolve(playbook, host, values, parts.catalogue),
        said=said,
        json=json,
        found=Drilled(playbook=playbook.name, host=host.name, about=playbook.drill.about),
    )
    plan = one.consented()
    code = one.carried(plan)
    if json:
        parts.world.document(drill_json(one.found))
    else:
        parts.world.out(*drill_lines(one.found, parts.world.paint()))
    return code


@dataclass(kw_only=True)
class Drill:
    """One drill under way; `found` is what is known of it so far."""

    parts: Parts
    injection: Resolved
    remedy: Resolved
    said: Consent
    json: bool
    found: Drilled

    def consented(self) -> Plan:
        """The plan that breaks it, once a person consents. Raises Refused where something is wrong already."""
        plan = self._planned(self.injection)
        (part,) = plan.hosts
        name, host = self.found.playbook, self.found.host
        says = part.unreachable or "; ".join(f.judgement.says for f in part.findings)
        if part.symptom_holds is Answer.NOT_OK:
            fix = f"remedy apply {name} --host {host}"
            raise Refused(f"{host}: something is wrong already, and not by a drill: {says}", at=host, fix=fix)
        if part.symptom_holds is Answer.CANNOT_TELL:
            raise CannotTell(f"{host}: whether all is well cannot be told: {says}", at=host)
        if not plan.has_changes:
            why = "; ".join(s.reason for s in part.steps)
            raise Refused(f"{host}: nothing would be broken: {why}", at=host, fix=f"remedy explain {name}")
        show_plan(self.parts, plan, as_json=self.json)
        consent(self.parts, plan, self.said)
        return plan

    def carried(self, plan: Plan) -> int:
        """From the fault to its being put back, whatever happens between. Returns the exit code."""
        code = 1
        try:
            self._say(f"from here on, also after a crash: remedy drill --restore --host {self.found.host}")
            code = self._broken(plan)
        except RemedyError as error:
            code = error.exit_code
            self._failed(error.message)
            self.parts.world.err(f"the drill ends: {error.message}")
        except KeyboardInterrupt:
            code = CannotTell.exit_code
            self._failed("it was interrupted")
        finally:
            self._restored(plan)
        if self.found.held:
            return 0
        return code or 1

    def _broken(self, plan: Plan) -> int:
        """Break it, see the symptom, then remedy it."""
        clock = self.parts.clock
        began = clock.monotonic_s()
        state = carried_out(self.parts, plan, json=self.json)
        self.found = replace(self.found, injection=state.run)
        if not _did(state):
            return self._failed(_why("the fault was not made", state), state)
        if state.verdict is not Verdict.RESOLVED:
            return self._failed("the symptom does not hold, although the fault was made", state)
        sick = clock.monotonic_s()
        self.found = replace(self.found, to_symptom_s=sick - began)
        mending = self._planned(self.remedy)
        self.found = replace(self.found, to_plan_s=clock.monotonic_s() - sick)
        state = self._applied(mending)
        self.found = replace(self.found, remedy=state.run)
        if not _did(state) or state.verdict is not Verdict.RESOLVED:
            return self._failed(_why(f"{self.found.playbook} did not remedy it", state), state)
        self.found = replace(self.found, to_fixed_s=clock.monotonic_s() - sick)
        return self._again()

    def _again(self) -> int:
        """A second apply, which must change nothing."""
        plan = self._planned(self.remedy)
        if plan.has_changes:
            return self._failed("a second apply would change something again")
        state = self._applied(plan)
        if state.outcome is not Outcome.UNCHANGED:
            return self._failed(_why("a second apply was not without a change", state), state)
        self.found = replace(self.found, again=state.run, verdict="held")
        return 0

    def _applied(self, plan: Plan) -> RunState:
        """A plan of the playbook, consented to with the drill; where more than a y is asked for, it is asked for."""
        show_plan(self.parts, plan, as_json=self.json)
        demand_some_told(plan)
        consent(self.parts, plan, replace(self.said, yes=True, reason=f"drill {self.found.injection}"))
        return carried_out(self.parts, plan, json=self.json, manner=UNASKED if self.said.yes else Manner())

    def _planned(self, resolved: Resolved) -> Plan:
        """A plan by a conversation of its own, as of a command: "the last five minutes" are those until now."""
        self.parts.fleet.drop(resolved.host.name)
        progress = Progress(self.parts.world, [resolved.host.name])
        try:
            plan = planner_of(self.parts, progress).plan([resolved])
        finally:
            progress.done()
        self.parts.store.save_plan(plan)
        return plan

    # ------------------------------------------------------------ putting back

    def _restored(self, plan: Plan) -> None:
        """Put back what was broken, and see that the symptom is gone; what goes wrong is told, with what to type."""
        run = next((e.run for e in self.parts.store.events(plan=plan.id) if e.run), "")
        if not run:
            return
        self.found = replace(self.found, injection=run)
        try:
            restore(self.parts, run, replace(self.said, yes=True), json=self.json)
            back = is_back(self.parts, run)
            gone = back and self._is_well()
        except (RemedyError, KeyboardInterrupt) as why:
            back = gone = False
            if isinstance(why, RemedyError):
                show_error(self.parts.world, why, as_json=False)
        rows = self.parts.store.undos(run)
        self.found = replace(self.found, restore=rows[-1].id if rows else "", restored=back and gone)
        if not back:
            self._failed(f"what was broken is not put back: remedy drill --restore --host {self.found.host}")
        elif not gone:
            self._failed("all is put back, and the symptom still holds")

    def _is_well(self) -> bool:
        """Whether the symptom goes, within its time."""
        within_s = max((a.within_s for a in checks.asked_in(self.injection.verify)), default=0)
        clock = self.parts.clock
        deadline = clock.monotonic_s() + max(within_s, RESTORED_S)
        while not self._is_well_now():
            if clock.monotonic_s() > deadline:
                return False
            clock.sleep(AGAIN_S)
        return True

    def _is_well_now(self) -> bool:
        """Whether the symptom is seen to be gone; a host that is not reached for once is asked again."""
        fleet, host = self.parts.fleet, self.remedy.host
        fleet.drop(host.name)  # what is asked of a span of time is asked of the one until now
        try:
            told = verify.ask(NotOf(self.remedy.symptom), fleet.session(host), self.parts.catalogue)
        except (Unreachable, Lost):
            return False
        return told.answer is Answer.OK

    # ------------------------------------------------------------ telling

    def _failed(self, why: str, state: RunState | None = None) -> int:
        """Note the first thing that did not hold. Returns the exit code."""
        self.found = replace(self.found, verdict="failed", why=self.found.why or why)
        return (exit_code(state) if state else 1) or 1

    def _say(self, line: str) -> None:
        self.parts.world.err(line)


def _did(state: RunState) -> bool:
    return state.outcome is Outcome.CHANGED


def _why(what: str, state: RunState) -> str:
    reasons = "; ".join(h.reason for h in state.hosts.values() if h.reason)
    return f"{what}: {state.outcome or 'open'}, {state.verdict or 'no verdict'}{f' ({reasons})' if reasons else ''}"
