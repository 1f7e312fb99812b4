"""The process edge: whatever happens inside, a command ends with an exit code and never with a traceback."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import click

from remedy.cli.app import COMMANDS, make_app
from remedy.cli.shown.faults import show_error
from remedy.cli.world import World
from remedy.errors import CannotTell, Invalid, RemedyError

COMPLETION = "_REMEDY_COMPLETE"


def process() -> int:
    """Run the process's own command line. Output never fails for want of a letter in its encoding."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):  # they end a command in order, as Ctrl-C does
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    return run(sys.argv[1:], World())


def run(argv: Sequence[str], world: World) -> int:
    """The exit code of one command line. Everything that can go wrong is told in a person's words."""
    as_json = "--json" in argv
    try:
        ended = make_app().main(list(argv), "remedy", COMPLETION, standalone_mode=False, obj=world)
        return ended if isinstance(ended, int) else 0
    except SystemExit as end:  # completion ends the process itself
        return end.code if isinstance(end.code, int) else 0
    except RemedyError as error:
        return show_error(world, error, as_json=as_json)
    except click.ClickException as wrong:
        return show_error(world, _usage(wrong, argv), as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        stopped = CannotTell("interrupted", fix="what was begun: remedy list runs --open")
        return show_error(world, stopped, as_json=as_json)
    except Exception as unforeseen:  # noqa: BLE001 — the process edge
        from remedy.cli.crash import as_bug  # noqa: PLC0415 — seldom, and not cheap

        return show_error(world, as_bug(unforeseen, argv, world), as_json=as_json)


def _usage(wrong: click.ClickException, argv: Sequence[str]) -> Invalid:
    """A usage error with what to type instead."""
    context = getattr(wrong, "ctx", None)
    named = next((a for a in argv if a in COMMANDS), "")
    path = context.command_path if context else f"remedy {named}".rstrip()
    fix = getattr(wrong, "fix", "")
    close = getattr(wrong, "possibilities", None)
    if close and not fix:
        fix = f"did you mean {min(close)}?"
    return Invalid(_sentence(wrong.format_message()), at=path, fix=fix or f"{path} --help")


def _sentence(message: str) -> str:
    """Click's message without its own suggestion and full stop."""
    first = message.partition(" (Possible options:")[0].partition(" (Did you mean")[0].partition(" Did you mean")[0]
    return first[:1].lower() + first[1:].rstrip(".").replace("'", "")
