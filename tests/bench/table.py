"""The goals of speed, held against what was measured, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from tests.bench.counts import Turns
from tests.bench.measure import Kind, Run

Cells = Mapping[tuple[str, Kind, int], Sequence[Run]]  # by peer, kind and number of hosts; one run a round


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One row: what was measured, in words; the number that counts, and its bound."""

    what: str
    figures: str
    value: float
    bound: float
    sense: Literal["at most", "at least"]
    unit: str = "x"

    @property
    def is_met(self) -> bool:
        return self.value <= self.bound if self.sense == "at most" else self.value >= self.bound

    def row(self) -> str:
        sign = "<=" if self.sense == "at most" else ">="
        word = "met" if self.is_met else "**missed**"
        wanted = f"{sign} {self.bound:g}{_unit(self.unit)}"
        return f"| {self.what} | {self.figures} | {_number(self.value)}{_unit(self.unit)} | {wanted} | {word} |"


def wall_goals(cells: Cells, most: int) -> Iterable[Goal]:
    """The goals that compare walls, for the peers that were measured."""
    for peer, kind, count, bound, is_floor in (
        ("OpenSSH", "converged", most, 1.3, True),
        ("OpenSSH", "changing", most, 1.3, True),
        ("pyinfra", "converged", most, 2.5, False),
        ("pyinfra", "changing", most, 5, False),
        ("pyinfra", "plan", most, 2.5, False),
        ("Ansible", "converged", most, 50, False),
        ("Ansible", "changing", most, 50, False),
        ("OpenSSH", "converged", 1, 2.5, True),
        ("pyinfra", "converged", 1, 3, False),
    ):
        ours, theirs = cells.get(("remedy", kind, count)), cells.get((peer, kind, count))
        if not ours or not theirs:
            continue
        rounds = list(zip(ours, theirs, strict=False))  # of one there may be fewer
        ratios = [(a.wall_s / b.wall_s) if is_floor else (b.wall_s / a.wall_s) for a, b in rounds]
        yield Goal(
            what=f"{kind}, {_hosts(count)}, against {peer}" + ("" if is_floor else ": times faster"),
            figures=f"{_wall(ours):.2f} s and {_wall(theirs):.2f} s",
            value=median(ratios),
            bound=bound,
            sense="at most" if is_floor else "at least",
        )


def cost_goals(cells: Cells, most: int) -> Iterable[Goal]:
    """The goals of the controller's own cost."""
    many, one = cells[("remedy", "converged", most)], cells[("remedy", "converged", 1)]
    further_ms = (median(r.cpu_s for r in many) - median(r.cpu_s for r in one)) / (most - 1) * 1000
    figures = f"{median(r.cpu_s for r in one):.2f} s for one host, {median(r.cpu_s for r in many):.2f} s for {most}"
    yield Goal(
        what="controller CPU for each further host, converged",
        figures=figures,
        value=further_ms,
        bound=12,
        sense="at most",
        unit="ms",
    )
    memory = max(r.memory_mib for key, runs in cells.items() if key[0] == "remedy" for r in runs)
    what = f"memory at {most} hosts, one process"
    yield Goal(what=what, figures="the largest of all runs", value=memory, bound=80, sense="at most", unit="MiB")


def turn_goals(turns: Turns) -> Iterable[Goal]:
    """The goals that are counted on the wire."""
    said = f"{turns.one_look} with one step, {turns.ten_looks} with ten"
    yield Goal(what="round trips of a look", figures=said, value=turns.ten_looks, bound=9, sense="at most", unit="")
    yield Goal(
        what=f"round trips of a whole apply with {turns.changes} changes",
        figures="11 and one for each change",
        value=turns.apply,
        bound=11 + turns.changes,
        sense="at most",
        unit="",
    )


def command_goals(version: tuple[float, float], validate: tuple[float, float]) -> Iterable[Goal]:
    """The goals of commands that reach no host: CPU seconds, and times a bare Python's."""
    commands = (("`--version`", version, 4), ("`validate` of one playbook", validate, 16))
    for command, (cost_s, ratio), bound in commands:
        yield Goal(
            what=f"{command}, CPU against a bare Python",
            figures=f"{cost_s * 1000:.0f} ms",
            value=ratio,
            bound=bound,
            sense="at most",
        )


def page(machine: str, goals: Iterable[Goal], cells: Cells, notes: Iterable[str]) -> str:
    """The whole page, as Markdown."""
    lines = [
        "# How fast it is",
        "",
        "Written by `make bench`, which anyone can run again; `tests/bench/README.md` says how it measures.",
        "",
        machine,
        "",
        "| what | measured | figure | goal | |",
        "|---|---|---|---|---|",
        *(goal.row() for goal in goals),
        "",
        "What each run took, medians. The controller's CPU is that of all that the command started here, the hosts'",
        "CPU that of all of them together, on the same cores.",
        "",
        "| run | hosts | by | rounds | wall s (least) | controller CPU s | hosts' CPU s | memory MiB |",
        "|---|---|---|---|---|---|---|---|",
        *(_cell(key, runs) for key, runs in sorted(cells.items(), key=lambda c: (-c[0][2], c[0][1], _wall(c[1])))),
        "",
        "What a run costs, why, and what would make it cheaper: [ADR 12](adr/0012-processes-are-the-price.md).",
        *(f"\n{note}" for note in notes),
    ]
    return "\n".join(lines) + "\n"


def _cell(key: tuple[str, Kind, int], runs: Sequence[Run]) -> str:
    peer, kind, count = key
    cpu, far = median(r.cpu_s for r in runs), median(r.far_cpu_s for r in runs)
    wall = f"{_wall(runs):.2f} ({min(r.wall_s for r in runs):.2f})"
    memory = f"{median(r.memory_mib for r in runs):.0f}"
    return f"| {kind} | {count} | {peer} | {len(runs)} | {wall} | {cpu:.2f} | {far:.2f} | {memory} |"


def _wall(runs: Sequence[Run]) -> float:
    return median(r.wall_s for r in runs)


def _hosts(count: int) -> str:
    return "one host" if count == 1 else f"{count} hosts"


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or value >= 20 else f"{value:.2f}"
