"""A host's session as the engine knows it: looks, lease, changes, receipts, each in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from remedy.errors import Bug, Busy, Failed, Lost, RemedyError, Unreachable
from remedy.hosts import wire
from remedy.hosts.conversation import MOST_BYTES, Ask, Conversation
from remedy.hosts.gather import Gather, small_number
from remedy.hosts.shell import PUT
from remedy.model import Await, Call, Facts, Look, Operation, Put, Reply
from remedy.ports import DEADLINE_RC, ChangeReply, ChangeRequest, Lease, Receipt, Resolve

OUT_OF_BOUND_RC = 65
CAP_BYTES = 1_073_741_824  # as in worker.sh


@dataclass
class HostSession:
    """One open conversation with a host. Nothing is sent before the first request."""

    talk: Conversation
    resolve: Resolve

    @property
    def facts(self) -> Facts:
        if self.talk.told is None:
            raise Bug(f"{self.talk.name}: facts before the first reply")
        return self.talk.told

    def look(self, looks: Sequence[Look]) -> tuple[Reply, ...]:
        asked = tuple(looks)
        return self._complete(asked, self._ask_looks(asked))

    def lease(self, run: str, owner: str, looks: Sequence[Look], wait_s: int = 0) -> tuple[Lease, tuple[Reply, ...]]:
        asked, families = tuple(looks), wire.families_of(looks)
        seconds, limit = wire.limits(asked)
        words = (wire.token(run), wire.token(owner), wait_s, seconds, limit, *families)
        wait = max(wait_s, 5) + seconds
        got = self._ask(
            Ask(verb="lease", words=words, body=wire.questions(asked, self.resolve), families=families, wait_s=wait)
        )
        if got.verdict[0] == "held":
            return Lease(run=run, fence=int(got.verdict[1])), self._complete(asked, got)
        raise self._no_lease(got)

    def change(self, request: ChangeRequest) -> ChangeReply:
        words = (wire.token(request.id), wire.token(request.run), request.fence, len(request.operations))
        wait = sum(map(_seconds, request.operations)) + wire.limits(request.then)[0]
        wait += request.look.timeout_s if request.look else 0
        parts = self._parts(request)
        most = MOST_BYTES + CAP_BYTES * len(request.operations)
        ask = Ask(verb="change", words=words, families=_families(request), parts=parts, wait_s=wait, most_bytes=most)
        return self._changed(request, self._ask(ask))

    def receipts(self, run: str) -> Mapping[str, Receipt]:
        got = self._ask(Ask(verb="receipts", words=(wire.token(run),)))
        found: dict[str, Receipt] = {}
        for line in got.text("receipts").split("\n"):
            match line.split(" "):
                case ["start", word, "."]:
                    found.setdefault(wire.untoken(word), Receipt(id=wire.untoken(word), rc=None))
                case ["end", word, rc, "."] if (code := small_number(rc)) >= 0:
                    found[wire.untoken(word)] = Receipt(id=wire.untoken(word), rc=code)
                case _:
                    pass
        return found

    def release(self, run: str) -> None:
        got = self._ask(Ask(verb="release", words=(wire.token(run),)))
        if got.verdict != ("",):
            raise self._no_lease(got)

    def unlock(self, owner: str) -> bool:
        got = self._ask(Ask(verb="unlock", words=(wire.token(owner),)))
        if got.verdict[0] in ("freed", "free"):
            return got.verdict[0] == "freed"
        raise self._no_lease(got)

    def close(self) -> None:
        self.talk.close()

    # ------------------------------------------------------------ looks

    def _ask(self, ask: Ask) -> Gather:
        got = self.talk.ask(ask)
        if got.verdict[0] == "unusable":
            raise Unreachable(f"{self.talk.name}: {got.text('unusable').strip()}", fix="install it there")
        return got

    def _ask_looks(self, asked: tuple[Look, ...], *, foresee: bool = True) -> Gather:
        families, (seconds, limit) = wire.families_of(asked), wire.limits(asked)
        body = wire.questions(asked, self.resolve, foresee=foresee)
        words = (seconds, limit, *families)
        return self._ask(Ask(verb="look", words=words, body=body, families=families, wait_s=seconds))

    def _complete(self, asked: tuple[Look, ...], got: Gather, until: float = 0) -> tuple[Reply, ...]:
        """All replies: where one hung, those after it are asked again without it; itself only if its time was short.

        A host where one after the other hangs gets three times what all of them may take together.
        """
        if len(asked) == 1:
            return (got.replies(1)[0] or _unanswered(asked[0], got),)
        first = not until
        until = until or self.talk.clock.monotonic_s() + 2 * wire.limits(asked)[0]
        replies = dict(enumerate(got.replies(len(asked))))
        if first and asked and replies[0] is None and any(wire.foreseen(asked)):  # which of them hung is not known
            return self._again(asked, until)
        hung, *later = [at for at, reply in replies.items() if reply is None] or [-1]
        replies.update(zip(later, self._again(tuple(asked[at] for at in later), until), strict=True))
        if hung >= 0 and _had_its_time(asked[hung], got):
            replies[hung] = Reply(rc=DEADLINE_RC, error=f"no answer within {asked[hung].timeout_s} s")
        elif hung >= 0:
            replies[hung] = self._again((asked[hung],), until)[0]
        return tuple(reply for reply in replies.values() if reply is not None)

    def _again(self, asked: tuple[Look, ...], until: float) -> tuple[Reply, ...]:
        if not asked:
            return ()
        if self.talk.clock.monotonic_s() > until:
            late = "not asked again: other looks had hung on this host for too long"
            return tuple(Reply(rc=DEADLINE_RC, error=late) for _ in asked)
        return self._complete(asked, self._ask_looks(asked, foresee=False), until)

    # ------------------------------------------------------------ changes

    def _parts(self, request: ChangeRequest) -> dict[str, bytes]:
        parts: dict[str, bytes] = {}
        if request.look:
            parts["look"] = wire.again_part(
                request.look, request.ground, max(map(_seconds, request.operations[:1]), default=0), self.resolve
            )
        if request.then:
            parts["then"] = wire.looks_part(request.then, self.resolve)
        for at, operation in enumerate(request.operations):
            temporary = f"remedy-{wire.token(request.id)}-{at}"
            parts[f"op{at}"] = wire.operation_part(operation, temporary, self.resolve)
        return parts

    def _changed(self, request: ChangeRequest, got: Gather) -> ChangeReply:
        match got.verdict:
            case ("fenced", *holder):
                gone = "nobody holds this host: the lease was given back or taken away"
                return ChangeReply(state="fenced", reason=_held_by(*holder) or gone)
            case ("repeated",):
                return ChangeReply(state="repeated")
            case ("refused",):
                return ChangeReply(state="failed", rc=1, reason=got.text("refused").strip())
            case ("unseen",):
                reply = got.replies(1)[0] or _answered_badly(request, got)
                return ChangeReply(state="failed", rc=reply.rc or 1, reason=f"cannot look again: {reply.error}")
            case ("moved",):
                moved = got.replies(1)[0] or Reply(rc=0)
                return ChangeReply(state="moved", ground=moved.ground)
            case ("unended",):
                raise Lost(f"{self.talk.name}: it was done, but its end could not be recorded there")
            case ("acted", at, rc) if int(at) < len(request.operations):
                return self._acted(request, got, int(at), int(rc))
            case other:
                raise Lost(f"{self.talk.name}: the far end's answer makes no sense: {other!r}")

    def _acted(self, request: ChangeRequest, got: Gather, at: int, rc: int) -> ChangeReply:
        output = got.drain.output()
        failed = request.operations[at] if at >= 0 else None
        try:
            after = self._complete(request.then, got) if request.then else ()
        except RemedyError as error:  # the change itself is known; only the looks after it are not
            after = tuple(r or Reply(rc=DEADLINE_RC, error=error.message) for r in got.replies(len(request.then)))
        return ChangeReply(
            state="failed" if failed else "done",
            ground=request.ground,
            failed_at=at,
            rc=rc,
            reason=_reason(failed, rc, output.size_bytes) if failed else "",
            output=output,
            after=after,
        )

    def _no_lease(self, got: Gather) -> RemedyError:
        match got.verdict:
            case ("busy", *holder):
                fix = "wait for it to end, or look after it; then `remedy unlock HOST --owner ID`"
                unnamed = "a runner whose lease was taken away still lives there"
                return Busy(f"{self.talk.name}: {_held_by(*holder) or unnamed}", fix=fix)
            case ("refused",):
                said = got.text("refused").strip()
                fix = "install it there; looks go without" if "not installed" in said else ""
                return Failed(f"{self.talk.name}: {said}", fix=fix)
            case other:
                return Lost(f"{self.talk.name}: the far end's answer makes no sense: {other!r}")


def _held_by(run: str = "-", _fence: str = "", since: str = "0", owner: str = "-", *_: str) -> str:
    if run == "-":
        return ""
    try:
        at = datetime.fromtimestamp(int(since), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):  # the far end may say anything
        at = "a time that makes no sense"
    return f"held by {wire.untoken(owner)}, run {wire.untoken(run)}, since {at}"


def _had_its_time(look: Look, got: Gather) -> bool:
    """Whether the look that was cut off at the deadline of all had most of its own."""
    return got.group_rc == DEADLINE_RC and got.last_look_s >= 0.75 * look.timeout_s


def _unanswered(look: Look, got: Gather) -> Reply:
    seen = got.seen.get(0)
    if seen is not None and seen.is_cut:
        return seen.reply(got.redactor)
    error = seen.error if seen is not None else ""
    if got.group_rc == DEADLINE_RC:
        return Reply(rc=DEADLINE_RC, error=error or f"no answer within {look.timeout_s} s")
    return Reply(rc=1, error=error or f"its shell ended with {got.group_rc}")


def _answered_badly(request: ChangeRequest, got: Gather) -> Reply:
    return _unanswered(request.look, got) if request.look else Reply(rc=1)


def _seconds(operation: Operation) -> int:
    return operation.within_s if isinstance(operation, Await) else operation.timeout_s


def _families(request: ChangeRequest) -> tuple[str, ...]:
    looks = [*request.then, *([request.look] if request.look else [])]
    looks += [o.look for o in request.operations if isinstance(o, Await)]
    calls = [o.family for o in request.operations if isinstance(o, Call)]
    puts = [PUT] if any(isinstance(o, Put) for o in request.operations) else []
    return tuple(dict.fromkeys([*wire.families_of(looks), *calls, *puts]))


def _named(operation: Operation) -> str:
    match operation:
        case Await():
            return f"waiting for {operation.look.function} to say {operation.expect!r}"
        case Put():
            return f"writing {operation.path}"
        case Call():
            return operation.function


def _reason(operation: Operation, rc: int, size_bytes: int) -> str:
    what = _named(operation)
    if size_bytes >= CAP_BYTES:  # its group is killed then, which the far end cannot tell from a deadline
        return f"{what} printed more than 1 GiB and was killed"
    if rc == DEADLINE_RC:
        return f"{what} did not end within {_seconds(operation)} s"
    if rc == OUT_OF_BOUND_RC and isinstance(operation, Call) and operation.result:
        return f"{what} gave a {operation.result.name} outside the bound that was approved"
    return f"{what} ended with {rc}"
