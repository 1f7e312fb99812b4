"""Exit codes and kinds of errors: the one table that `explain` and the reference are made from."""

from __future__ import annotations

from collections.abc import Iterator
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

ADVICE = {
    "invalid": "Every mistake is named with FILE:LINE:COL; remedy validate finds them all without touching a host.",
    "unsafe": "Give the file or directory to yourself alone: the message names the command.",
    "refused": "The message names the rule. Nothing was done.",
    "unapproved": "remedy approve PLAN, by whoever is still needed; then remedy apply PLAN.",
    "forbidden": "remedy explain PLAN names the rule or cap and its line. --break-glass does not override it.",
    "closed": "Apply it when the window opens: the message says when. In an emergency: --break-glass REASON.",
    "spent": "Look for the cause: the remedy does not last. In an emergency: --break-glass REASON.",
    "stale": "Something is not as it was when the plan was made. Look at both sides, then plan again.",
    "busy": "Wait for the other run. When it is surely over: remedy unlock HOST --owner ID.",
    "hostkey": "Compare the fingerprint with the host's own, then remedy trust HOST.",
    "unreachable": "Nothing was sent. See to the network, the login or the host, then run it again.",
    "cannot-tell": "The host answered, but not what was asked. Run the check by hand there.",
    "unknown": "remedy resume RUN settles it by the host's receipts or by looking.",
    "failed": "remedy show RUN has what the host printed; remedy undo RUN takes the run back.",
    "store": "Do not repair it by hand: restore the state directory from a backup. remedy doctor explains.",
    "bug": "Report it with the file that the message names; it holds no values.",
}


def kinds() -> Iterator[type[errors.RemedyError]]:
    """Every kind of error that a user can meet, in the order in which they are declared."""
    for found in vars(errors).values():
        if isinstance(found, type) and issubclass(found, errors.RemedyError) and found is not errors.RemedyError:
            yield found


def promise(kind: type[errors.RemedyError]) -> str:
    """What an error of this kind says, in a sentence."""
    return (kind.__doc__ or "").strip().partition("\n")[0]


def page() -> str:
    """The reference of exit codes and kinds of errors, as Markdown."""
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
        "`problems` in it lists every mistake of a file.",
        "",
        "| kind | exit code | means | then |",
        "|---|---|---|---|",
        *(f"| `{k.kind}` | {k.exit_code} | {promise(k)} | {ADVICE[k.kind]} |" for k in kinds()),
    ]
    return "\n".join(lines) + "\n"
