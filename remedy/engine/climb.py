"""One host carried up the steps of an approved plan, then held against the goal."""

from __future__ import annotations

from dataclasses import dataclass, field

from remedy.engine import verify
from remedy.engine.act import carry_out
from remedy.engine.standing import Ended, Halted, Standing
from remedy.engine.takeback import take_back
from remedy.errors import Bug, CannotTell, Lost, RemedyError, StoreError, Unreachable
from remedy.model import Answer, CheckTree, Json, Kind, Outcome, PlannedStep, Verdict, worst


@dataclass(kw_only=True)
class Climb:
    """The carrying out of one host's part. Used by one thread; its memory is the journal's."""

    at: Standing
    touched: tuple[str, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    healed_itself: bool = False  # a step that was approved was not needed any more

    def go(self) -> tuple[Outcome, Verdict, str]:
        """Every step in order, then the goal. Returns the host's outcome and verdict, and why.

        Raises CannotTell, before anything is done, when the symptom cannot be told; Halted
        between two steps when somebody asked to stop.
        """
        held = self._held_before()
        gone = self._symptom_gone()
        stopped = self._through_nothing() or self.at.crew.closing
        for step in self.at.part.steps:
            ended = self._past(step) or self._next(step, gone, stopped)
            self.outcomes.append(ended.outcome)
            if step.change and ended.outcome is not Outcome.UNCHANGED:
                self.touched += step.change.touches
            self.healed_itself |= (
                step.change is not None and ended.outcome is Outcome.UNCHANGED and not (gone or stopped)
            )
            if ended.outcome not in (Outcome.CHANGED, Outcome.UNCHANGED) and not stopped:
                stopped = f"stopped: step {step.step} {ended.outcome}"
            if step.step == self.at.plan.through and not stopped:
                stopped = f"approved only through step {step.step}"
        if self.at.crew.stopping():
            raise Halted
        return self._close(held)

    def _next(self, step: PlannedStep, gone: str, stopped: str) -> Ended:
        if self.at.crew.stopping():
            raise Halted
        ended = self._left_out(gone, stopped) or self._step(step)
        nothing_done = ended.outcome is Outcome.UNCHANGED and not step.question
        self.at.record(Kind.STEP_RESULT, step.step, ended.body(), can_wait=nothing_done)
        return ended

    def _left_out(self, gone: str, stopped: str) -> Ended | None:
        reason = stopped or gone
        return Ended(Outcome.UNCHANGED, reason, held=bool(stopped)) if reason else None

    def _close(self, held: tuple[str, ...]) -> tuple[Outcome, Verdict, str]:
        after = self._verified()
        why = self._why_take_back(held, after)
        if why and self.at.plan.on_failure == "undo" and Outcome.UNKNOWN not in self.outcomes:
            self.outcomes += take_back(self.at, why)
            after = self._verified()
        self.at.flush()
        outcome = worst(self.outcomes)
        verdict = verify.verdict_of(after)
        if outcome in (Outcome.UNKNOWN, Outcome.REFUSED):
            verdict = Verdict.INCONCLUSIVE
        return outcome, verdict, "; ".join(after.says)

    def _why_take_back(self, held: tuple[str, ...], after: verify.Told) -> str:
        """Why what was done is to be taken back; "" where it stays."""
        if Outcome.FAILED in self.outcomes:
            return "a step failed"
        if any(s.undoing or s.undo for s in self.at.past.steps.values()):
            return "taking back was begun"
        acted = Outcome.CHANGED in self.outcomes
        is_worse = acted and verify.is_worse(self._goal, held, after)
        return "the verification came out worse than before" if is_worse else ""

    @property
    def _goal(self) -> CheckTree:
        return verify.goal_of(self.at.part)

    def _held_before(self) -> tuple[str, ...]:
        """Which checks of the goal were as wanted before this run's first act, as the journal keeps it."""
        if self.at.past.held is not None:
            return self.at.past.held
        told = self.at.tell(self._goal)
        held = verify.held(self._goal, told)
        self._checked("before", told, {"held": list[Json](held)}, can_wait=True)
        return held

    def _symptom_gone(self) -> str:
        """Why nothing more needs doing, when the symptom is no longer there; "" when it is.

        Only before the first act: what a run's own steps do to the symptom is the ladder's to say.
        """
        if any(s.acted for s in self.at.past.steps.values()):
            return ""
        told = self.at.tell(self.at.part.symptom)
        self._checked("symptom", told, can_wait=told.answer is not Answer.CANNOT_TELL)
        if told.answer is Answer.CANNOT_TELL:
            raise CannotTell(f"the symptom cannot be told: {'; '.join(told.says)}")
        return "" if told.answer is Answer.OK else f"the symptom is gone: {'; '.join(told.says)}"

    def _through_nothing(self) -> str:
        """Why nothing may be done, when the approval ends at a step that this host does not have."""
        through = self.at.plan.through
        is_here = not through or any(s.step == through for s in self.at.part.steps)
        return "" if is_here else f"approved only through step {through}, which is not here"

    def _past(self, step: PlannedStep) -> Ended | None:
        state = self.at.past.steps.get(step.step)
        if state is None or state.outcome is None or state.held:
            return None
        return Ended(state.outcome, state.reason)

    def _step(self, step: PlannedStep) -> Ended:
        try:
            if step.change is None and not step.question:
                return Ended(Outcome.UNCHANGED, step.reason)
            if enough := self._enough():
                return Ended(Outcome.UNCHANGED, enough)
            if step.change is None:
                answer = self.at.crew.answer(self.at.host.name, step)
                self.at.forget()
                return Ended(Outcome.UNCHANGED, f"answered by {self.at.crew.person}: {answer}")
            return carry_out(self.at, step, step.change, self.touched)
        except (StoreError, Bug):
            raise
        except (Unreachable, Lost) as gone:  # a change that was lost is told by its own outcome
            return Ended(Outcome.UNREACHABLE, gone.message)
        except RemedyError as refused:  # raised before anything was sent: a secret, a cap, a look
            return Ended(Outcome.REFUSED, refused.message)

    def _enough(self) -> str:
        """Why no further rung is needed, when `until` holds already."""
        if not verify.looks_of(self.at.part.until):
            return ""
        told = self.at.tell(self.at.part.until)
        return f"not needed: {'; '.join(told.says)}" if told.answer is Answer.OK else ""

    # ------------------------------------------------------------ the record

    def _verified(self) -> verify.Told:
        """The goal, asked within its time; where nothing was done, at once. What cannot be asked is not told."""
        try:
            told = self._told_already()
            if told is None:
                told = self._asked()
        except (StoreError, Bug):
            raise
        except RemedyError as error:
            told = verify.Told(Answer.CANNOT_TELL, (), unanswered=error.message)
        self._checked("verify", told)
        return told

    def _asked(self) -> verify.Told:
        """The goal within its time. Raises Halted where somebody asked to stop before it was told."""
        crew = self.at.crew
        if crew.closing:
            return verify.ask(self._goal, self.at.session, crew.catalogue)
        told = verify.ask_within(self._goal, self.at.session, crew.catalogue, crew.clock, crew.stopping)
        if told.answer is not Answer.OK and crew.stopping():
            raise Halted
        return told

    def _told_already(self) -> verify.Told | None:
        """The goal where nothing was done, as it was seen; where it came with the last act and holds, by that."""
        if all(o in (Outcome.UNCHANGED, Outcome.REFUSED) for o in self.outcomes):
            return self._told_of_nothing()
        if any(look not in self.at.replies for look in verify.looks_of(self._goal)):
            return None
        told = self.at.tell(self._goal)
        return told if told.answer is Answer.OK else None

    def _told_of_nothing(self) -> verify.Told:
        """The goal where nothing was done; asked once more where a step turned out not to be needed."""
        told = self.at.tell(self._goal)
        if told.answer is Answer.OK or not self.healed_itself:
            return told
        return verify.ask(self._goal, self.at.session, self.at.crew.catalogue)

    def _checked(
        self, what: str, told: verify.Told, more: dict[str, Json] | None = None, *, can_wait: bool = False
    ) -> None:
        if not told.says:
            return  # nothing was asked
        body: dict[str, Json] = {"what": what, "answer": str(told.answer), "says": list[Json](told.says)}
        self.at.record(Kind.CHECKED, "", {**body, **(more or {})}, can_wait=can_wait)
