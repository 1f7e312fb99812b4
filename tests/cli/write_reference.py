"""`python -m tests.cli.write_reference` writes docs/exit-codes.md, docs/errors.md and half of docs/cli.md anew."""

from __future__ import annotations

from pathlib import Path

import click

from remedy.cli.app import COMMANDS, make_app
from remedy.cli.exits import page
from remedy.cli.kinds import PAGES, errors_page

DOCS = Path(__file__).resolve().parents[2] / "docs"
ADVICE = {p.kind: p.advice for p in PAGES}
MARK = "<!-- what follows is made by tests/cli/write_reference.py -->\n"


def commands() -> str:
    """Every command's help, in the order of `remedy --help`."""
    root = make_app()
    context = click.Context(root, info_name="remedy", max_content_width=100, terminal_width=100)
    parts = []
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, max_content_width=100, terminal_width=100)
        inner.help_option_names = ["-h", "--help"]
        parts.append(f"## remedy {name}\n\n```text\n{command.get_help(inner)}\n```\n")
    return "\n".join(parts)


def whole(text: str) -> str:
    """The page with its generated half made anew; what stands above the mark is kept."""
    return text.partition(MARK)[0] + MARK + "\n" + commands()


if __name__ == "__main__":
    (DOCS / "exit-codes.md").write_text(page(ADVICE))
    (DOCS / "errors.md").write_text(errors_page())
    (DOCS / "cli.md").write_text(whole((DOCS / "cli.md").read_text()))
