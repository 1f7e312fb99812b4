"""`python -m tests.cli.write_reference` writes the generated page docs/exit-codes.md."""

from pathlib import Path

from remedy.cli.exits import page

if __name__ == "__main__":
    (Path(__file__).resolve().parents[2] / "docs" / "exit-codes.md").write_text(page())
