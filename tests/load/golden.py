"""The hostile files and what remedy says of each, line by line: `python -m tests.load.golden` writes it down."""

from __future__ import annotations

from pathlib import Path

from tests.load.toy import said_of

HOSTILE = Path(__file__).parent / "hostile"


def expected(path: Path) -> Path:
    """The file that says what is said of this one."""
    return path.with_suffix(".said")


def said(path: Path) -> str:
    """What is said of a hostile file, as its golden file has it."""
    return "".join(line + "\n" for line in said_of(path.read_bytes(), path.name))


if __name__ == "__main__":
    for hostile in sorted(HOSTILE.glob("*.yml")):
        expected(hostile).write_text(said(hostile), "utf-8")
