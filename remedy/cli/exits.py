"""Exit codes and kinds of errors: the one table that `explain` and the reference are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from remedy import errors


@dataclass(frozen=True)
class Exit:
    """What an exit code means, and what to do about it."""

    code: int
    means: str
    then: str


EXITS = (
    Exit(0, "done, or there was nothing to do", "nothing"),
    Exit(
        1, "a step failed, or what was done did not help", "remedy show RUN says which; remedy undo RUN takes it back"
    ),
    Exit(2, "the input or the command line is wrong; nothing was touched", "correct what the message names"),
    Exit(
        3,
        "refused: unapproved, stale, expired, used, forbidden by the policy, held by another, or a host's key",
        "do what the message's fix says; nothing was done",
    ),
    Exit(4, "a host could not be reached, or a symptom could not be told", "see to the host, then run it again"),
    Exit(5, "there are changes to make (only plan --exit-code)", "remedy apply PLAN"),
    Exit(6, "the outcome of a step is not known", "remedy resume RUN; where nothing can tell: remedy settle RUN STEP"),
    Exit(70, "a bug of remedy's own", "report it with the file that the message names"),
)


def kinds() -> Iterator[type[errors.RemedyError]]:
    """Every kind of error that a user can meet, in the order in which they are declared."""
    for found in vars(errors).values():
        if isinstance(found, type) and issubclass(found, errors.RemedyError) and found is not errors.RemedyError:
            yield found


def promise(kind: type[errors.RemedyError]) -> str:
    """What an error of this kind says, in a sentence."""
    return (kind.__doc__ or "").strip().partition("\n")[0]


def page(advice: Mapping[str, str]) -> str:
    """The reference of exit codes and kinds of errors, as Markdown; `advice` is the first thing to do, by kind."""
    lines = [
        "# Exit codes",
        "",
        "Made from `remedy/cli/exits.py`; a test fails when it differs.",
        "`remedy explain 3` and `remedy explain stale` say the same.",
        "",
        "| code | means | then |",
        "|---|---|---|",
        *(f"| {e.code} | {e.means} | {e.then} |" for e in EXITS),
        "",
        "## Kinds of errors",
        "",
        'With `--json` an error is `{"error": {"kind", "message", "at", "fix"}}`.',
        "`problems` in it lists every mistake of a file. [errors.md](errors.md) has a page for each.",
        "",
        "| kind | exit code | means | then |",
        "|---|---|---|---|",
        *(f"| `{k.kind}` | {k.exit_code} | {promise(k)} | {advice[k.kind]} |" for k in kinds()),
    ]
    return "\n".join(lines) + "\n"
