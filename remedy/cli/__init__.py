"""The command line. `main` answers `--version` before anything is imported."""

import sys


def main() -> None:
    """Run `remedy` with the process's own arguments and end the process with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from remedy import __version__  # noqa: PLC0415 — the budget of --version

        sys.stdout.write(f"remedy {__version__}\n")
        return
    from remedy.cli.edge import process  # noqa: PLC0415 — the budget of --version

    sys.exit(process())
