"""An error as a person or a script reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remedy.cli.shown.text import visible
from remedy.errors import Invalid, Problem, RemedyError

if TYPE_CHECKING:
    from remedy.cli.world import World
    from remedy.model import Json


def show_error(world: World, error: RemedyError, *, as_json: bool) -> int:
    """Tell an error where it belongs; returns its exit code."""
    if as_json:
        world.document({"error": error_json(error)})
    else:
        world.err(*error_lines(error, red=world.paint(aside=True).red))
    return error.exit_code


def error_json(error: RemedyError) -> dict[str, Json]:
    """The document of an error, without its envelope."""
    found: dict[str, Json] = {"kind": error.kind, "message": error.message, "at": error.at, "fix": error.fix}
    if isinstance(error, Invalid) and error.problems:
        found["problems"] = [_problem_json(p) for p in error.problems]
    return found


def _problem_json(problem: Problem) -> Json:
    return {"at": problem.at, "message": problem.message, "rule": problem.rule, "fix": problem.fix}


def error_lines(error: RemedyError, red: object = None) -> list[str]:
    """An error in lines. Every FILE:LINE:COL begins its line, so that editors find it."""
    paint = red if callable(red) else str
    if isinstance(error, Invalid) and error.problems:
        return [line for p in error.problems for line in _problem_lines(p)] + [
            paint(f"remedy: {error.kind}: {visible(error.message)}")
        ]
    lines = [paint(f"remedy: {error.kind}:") + " " + visible(error.message)]
    if error.at and error.at not in error.message:
        lines.append(f"  at:  {visible(error.at)}")
    if error.fix:
        lines.append(f"  fix: {visible(error.fix)}")
    return lines


def _problem_lines(problem: Problem) -> list[str]:
    rule = f" ({problem.rule})" if problem.rule else ""
    fix = [f"    fix: {visible(problem.fix)}"] if problem.fix else []
    return [visible(f"{problem.at}: {problem.message}{rule}"), *fix]
