"""docs/faults.md: each numbered fault, the tests that meet it, and what is left.

A test meets a fault by its name (`test_fault_013_...`, or `fault_013` anywhere in it) or by a
comment `# fault 13` (also `# faults 13, 14`) on or in it; a case of an action by its name, which
says `fault 13`. `python -m tests.fault_table` writes the page.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"
HEAD = """# Faults: what remedy must survive, and the tests that show it

Made by `python -m tests.fault_table`; a test fails when this page is stale. The numbers are those that tests cite.

"""


def cited() -> dict[int, list[str]]:
    """Fault number to the tests that name it, as FILE::TEST or FILE: CASE."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted(TESTS.glob("actions/*/*.yaml")):
        for name in re.findall(r"(?m)^- name: (.*fault \d+.*)$", path.read_text()):
            for number in numbers_in("", name):
                found[number].add(f"{path.relative_to(TESTS)}: {name.strip(chr(34))}")
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text()
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                first = min([node.lineno, *[d.lineno for d in node.decorator_list]])
                body = "\n".join(lines[max(0, first - 2) : node.end_lineno])
                for number in numbers_in(node.name, body):
                    found[number].add(f"{path.relative_to(TESTS)}::{node.name}")
    return {n: sorted(tests) for n, tests in found.items()}


def numbers_in(name: str, body: str) -> set[int]:
    """The fault numbers that a test's name or its comments and docstring cite."""
    numbers = {int(n) for n in re.findall(r"fault_?0*(\d+)", name)}
    for listed in re.findall(r"faults? ((?:\d+(?:, | and |-)?)+)", body):
        numbers |= {int(n) for n in re.findall(r"\d+", listed)}
    return numbers


def page() -> str:
    """The whole page."""
    rows: list[dict[str, Any]] = yaml.load((TESTS / "faults.yml").read_text(), yaml.SafeLoader)  # noqa: TID251 - our own file
    tests = cited()
    lines = [*_counts(rows, tests), *(_line(row, tests) for row in rows)]
    return HEAD + "\n".join(lines) + "\n"


def _counts(rows: list[dict[str, Any]], tests: dict[int, list[str]]) -> list[str]:
    """A line for each group and one for all: cases, how many have tests, how many tests, how many leave something."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if "group" in row:
            groups[row["group"]] = []
        else:
            groups[list(groups)[-1]].append(row)
    groups["all"] = [row for cases in groups.values() for row in cases]
    lines = ["| group | cases | with tests | tests | with something left |", "|---|---|---|---|---|"]
    for name, cases in groups.items():
        named = [tests[c["n"]] for c in cases if c["n"] in tests]
        count, left = len({t for some in named for t in some}), sum("left" in c for c in cases)
        lines.append(f"| {name} | {len(cases)} | {len(named)} | {count} | {left} |")
    return lines


def _line(row: dict[str, Any], tests: dict[int, list[str]]) -> str:
    if "group" in row:
        return f"\n## {row['group']}\n\n| # | case | tests | left for later |\n|---|---|---|---|"
    named = tests.get(row["n"], [])
    shown = "<br>".join(f"`{t}`" for t in named[:4]) + (f"<br>and {len(named) - 4} more" if len(named) > 4 else "")
    return f"| {row['n']} | {row['case']} | {shown or '—'} | {row.get('left', '')} |"


if __name__ == "__main__":
    PAGE.write_text(page())
