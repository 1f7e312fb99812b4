"""A plan as the commands that a person would type by hand, host by host."""

from __future__ import annotations

from collections.abc import Iterator

from remedy.actions.by_hand import lines_of, note, quoted
from remedy.actions.catalogue import Catalogue
from remedy.engine.checks import leaves
from remedy.model import CheckTree, HostPlan, Json, Plan, PlannedStep, UndoBy, UndoImpossible, UndoUnnecessary

BEYOND = (
    "Type this if you would rather not let remedy act yet. What remedy does beyond it:",
    "- it looks again on the host right before each change, and acts only if what the plan rests on is the same;",
    "- what is listed is compared by identity (inode, size, time), not by name alone, and never more is touched;",
    "- it takes the host's lease first, so that two people cannot act at once; each change leaves a receipt there;",
    "- it stops climbing where the goal holds, checks that the symptom is gone, and keeps the record.",
    "By hand all that is yours. The lines stop at the first that fails; nothing is undone then.",
)


def shell_lines(plan: Plan, catalogue: Catalogue) -> list[str]:
    """One script for all hosts of the plan, each under its heading; every value quoted, nothing hidden."""
    head = [note(f"plan {plan.id}, {plan.playbook}: {plan.summary}"), *map(note, BEYOND)]
    for part in plan.hosts:
        head += ["", *host_lines(part, catalogue)]
    return head


def shell_json(plan: Plan, catalogue: Catalogue) -> dict[str, Json]:
    """The same for a script: `hosts` has how each is reached and what is typed there."""
    hosts: dict[str, Json] = {
        p.host: {"reach": reach(p), "script": "".join(f"{line}\n" for line in host_lines(p, catalogue))}
        for p in plan.hosts
    }
    return {"plan": plan.id, "digest": plan.digest, "playbook": plan.playbook, "hosts": hosts}


def host_lines(part: HostPlan, catalogue: Catalogue) -> list[str]:
    """What is typed on one host: its changes in order, and how to take them back, as comments."""
    heading = note(f"{part.host} ({reach(part)})")
    if part.unreachable:
        return [heading, note(f"{part.left_out or 'unreachable'}: {part.unreachable}; nothing is planned here")]
    if not part.changes:
        return [heading, note("nothing to do")]
    typed = [line for step in part.steps for line in _step_lines(step, part, catalogue)]
    return [heading, *_run(typed, part), *_undo(part, catalogue)]


def reach(part: HostPlan) -> str:
    """How a person gets to the host: the command to type on this machine."""
    found = part.entry.get("address")
    address = found if isinstance(found, dict) else {}
    name, via = str(address.get("name", "")), part.entry.get("via")
    match address.get("scheme"):
        case "ssh":
            user = f"{address['user']}@" if address.get("user") else ""
            port = f"-p {address['port']} " if address.get("port") not in (22, None) else ""
            jump = f", by way of {via}" if via else ""
            return f"ssh {port}{quoted(user + name)}{jump}"
        case "docker":
            where = f", on {via}" if via else ""
            engine = f"--host {quoted(str(part.entry['engine']))} " if part.entry.get("engine") else ""
            user = "--user 0 " if part.entry.get("become") else ""
            return f"docker {engine}exec -it {user}{quoted(name)} sh{where}"
        case _:
            return "this machine"


def _step_lines(step: PlannedStep, part: HostPlan, catalogue: Catalogue) -> Iterator[str]:
    if step.question:
        yield note(f"{step.step}: {step.question_of or 'somebody'} is asked: {step.question}")
        return
    if step.change is None:
        yield note(f"{step.step}: nothing to do: {step.reason}")
        return
    enough = _goal(part.until)
    if enough and step is not part.changes[0]:
        yield note(f"enough by now? stop here as soon as this holds: {enough}")
    yield note(f"{step.step}: {step.title}  [{step.risk.word}]")
    match step.change.undo:
        case UndoImpossible(says=says):
            yield note(f"this cannot be taken back: {says}")
        case UndoUnnecessary(says=says):
            yield note(f"no undo is needed: {says}")
        case UndoBy(says=says):
            yield note(f"undo is below: {says}")
    yield from lines_of(catalogue.action(step.action, step.params).__class__, step.change.operations)


def _undo(part: HostPlan, catalogue: Catalogue) -> list[str]:
    """The undo of all steps, last first, as comments: taken out of them, it runs as it stands."""
    typed: list[str] = []
    for step in reversed(part.changes):
        if step.change and isinstance(step.change.undo, UndoBy):
            action = catalogue.action(step.action, step.params).__class__
            typed += [note(f"back: {step.step}"), *lines_of(action, step.change.undo.operations)]
    if not typed:
        return []
    physical = "\n".join(_run(typed, part)).split("\n")  # a quoted name may hold a newline
    return [note("to take it back, without the leading #:"), *(f"# {line}" for line in physical)]


def _run(typed: list[str], part: HostPlan) -> list[str]:
    """Lines as the input of a shell of their own, as root where the host becomes root to change things."""
    text = "\n".join(typed).split("\n")
    end = "BY_HAND"
    while end in text:
        end += "_"
    needs_sudo = part.entry.get("become") and not reach(part).startswith("docker ")  # there one is root by now
    shell = "sudo sh -eu" if needs_sudo else "sh -eu"
    return [f"{shell} <<'{end}'", *typed, end]


def _goal(tree: CheckTree) -> str:
    """What `until` asks, in a line; "" where it asks nothing."""
    return " and ".join(f"{asked.check}{'' if upright else ' fails'}" for asked, upright in leaves(tree))
