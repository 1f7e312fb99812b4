"""Whatever a file holds, it is refused within a second and within 256 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.load.golden import HOSTILE

MOST_S = 1.0
MOST_KIB = 256 * 1024
LARGEST = 1_048_576

BOMBS = {
    "a-byte-too-much": b"#" * (LARGEST + 1),
    "brackets": b"[" * LARGEST,
    "brackets-balanced": b"[" * (LARGEST // 2) + b"]" * (LARGEST // 2),
    "mappings": b"{a: " * (LARGEST // 4),
    "questions": b"? " * (LARGEST // 2),
    "dashes": b"- " * (LARGEST // 2),
    "values": b"- a\n" * (LARGEST // 4),
    "flow-values": b"a: [" + b"x," * (LARGEST // 2 - 4) + b"]",
    "same-key": b"a: 1\n" * (LARGEST // 5),
    "other-keys": b"".join(b"k%d: 1\n" % i for i in range(80_000)),
    "anchors": b"- &a x\n" * (LARGEST // 7),
    "aliases": b"- &a x\n" + b"- *a\n" * (LARGEST // 6),
    "tags": b"- !x y\n" * (LARGEST // 7),
    "octals": b"- 0644\n" * (LARGEST // 7),
    "quotes": b'"' * LARGEST,
    "one-text": b"a: '" + b"x" * (LARGEST - 10) + b"'",
    "one-number": b"a: " + b"9" * (LARGEST - 10),
    "one-key": b"x" * (LARGEST - 10) + b": a",
    "colons": b"a: " * (LARGEST // 3),
    "controls": b"\x1b" * LARGEST,
    "overrides": "\u202e".encode() * (LARGEST // 3),
    "comments": b"#\n" * (LARGEST // 2),
    "documents": b"---\na: b\n" * (LARGEST // 9),
    "spaces": b" " * LARGEST,
    "newlines": b"\n" * LARGEST,
    "directives": b"%A b\n" * (LARGEST // 5),
    "steps": b"playbook: steps\nsummary: x\nsteps:\n" + b"- {id: x, toy.rotate: {paths: [/a]}}\n" * 28_000,
    "wrong-steps": b"playbook: wrong-steps\nsummary: x\nsteps:\n" + b"- {id: x, toy.rotat: {}}\n" * 8_000,
    "templates": b"playbook: templates\nsummary: x\nsteps:\n" + b"- {id: x, ask: '{{ a ~ b ~ c }}'}\n" * 9_000,
    "hosts": b"hosts:\n" + b"".join(b"  h%d: {address: 'x://y'}\n" % i for i in range(10_000)),
    "groups": b"groups: {g: {hosts: [" + b",".join(b"h%d" % i for i in range(40_000)) + b"]}}\n",
    "not-utf-8": b"\xff" * LARGEST,
    "utf-16": ("a: b\n" * 100_000).encode("utf-16"),
}


def test_fault_001_002_008_and_fault_010_everything_is_refused_within_a_second_and_256_mb(tmp_path: Path) -> None:
    for name, content in BOMBS.items():
        (tmp_path / f"{name}.yml").write_bytes(content)
    files = [*sorted(map(str, tmp_path.glob("*.yml"))), *sorted(map(str, HOSTILE.glob("*.yml")))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.load.limits", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=HOSTILE.parents[2],
    )
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    assert len(told["costs"]) == 2 * len(files)
    assert {n: c for n, c in told["costs"].items() if c[0] < 1} == {}, "not refused"
    assert {n: c for n, c in told["costs"].items() if c[1] > MOST_S} == {}, "too slow"
    assert told["rss_kib"] < MOST_KIB
