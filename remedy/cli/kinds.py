"""Every kind of error: what it means, how the host stands then, what to type next. `explain` and docs/errors.md."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.cli.exits import kinds, promise

UNTOUCHED = "Nothing was sent to any host: it is as it was."
LOOKED = "Hosts may have been looked at; nothing was changed on any of them."


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is known of one kind of error. `then` are commands, each with when to type it."""

    kind: str
    advice: str  # the first thing to do, in a line
    causes: tuple[str, ...]
    host: str  # what state the host is in
    then: tuple[tuple[str, str], ...]


PAGES = (
    Page(
        kind="invalid",
        advice="Correct what it names: every mistake has its FILE:LINE:COL; remedy validate finds them all.",
        causes=(
            "a playbook, an inventory or the policy has a mistake, or breaks a rule of its form",
            "a name, an option or a value on the command line means nothing here",
        ),
        host=UNTOUCHED,
        then=(
            ("remedy validate", "finds every mistake of every file at once; no host is asked"),
            ("remedy list playbooks", "and hosts, actions, plans, runs: where a name was not known"),
            ("remedy explain WORD", "says what an action, a check or a playbook takes"),
        ),
    ),
    Page(
        kind="unsafe",
        advice="Give the file or directory to yourself alone: the message names the command.",
        causes=(
            "the home, its inventory or its playbooks can be written by others, or are not yours",
            "the state directory or a file in it has another owner, mode or kind, or lies on a network filesystem",
            "a private key can be read by others",
        ),
        host=UNTOUCHED,
        then=(
            ("chmod go-w DIR", "or what the fix says; then the same command again"),
            ("remedy doctor", "shows everything of this sort at once"),
        ),
    ),
    Page(
        kind="refused",
        advice="Do what its fix says. Nothing was done.",
        causes=(
            "no host is called so, or a group is empty: a selection of nothing is never all",
            "the plan was applied, rejected, or made by another home; its approval has expired",
            "a cap of the playbook or of an action is passed; a host lacks what a step needs",
            "this machine's clock stands behind the latest time the store has seen",
        ),
        host=LOOKED,
        then=(
            ("remedy explain PLAN", "says everything that stands between a plan and being applied"),
            ("remedy plan PLAYBOOK --host H", "makes a plan on what is there now"),
            ("remedy unlock --clock", "where this machine's clock was ahead and is right now"),
        ),
    ),
    Page(
        kind="unapproved",
        advice="remedy approve PLAN, by whoever is still needed; then remedy apply PLAN.",
        causes=(
            "nobody, or not enough people, have consented to this plan",
            "its risk is high: --yes does not cover it, the host's name is typed at a terminal",
            "there was no terminal to ask at, or the answer was no",
            "no standing approval fits: the message says of each why not",
        ),
        host=LOOKED,
        then=(
            ("remedy explain PLAN", "says whose consent it takes, and which line of the policy says so"),
            (
                "remedy approve PLAN",
                "consents as the person who types it; a second person types it, too",
            ),
            ("remedy approve --standing PLAYBOOK ...", "consents beforehand, for runs that find nobody to ask"),
            ("remedy apply PLAN --break-glass REASON", "in an emergency; it is recorded in capitals"),
        ),
    ),
    Page(
        kind="forbidden",
        advice="remedy explain PLAN names the rule or the cap and its line. --break-glass does not override it.",
        causes=(
            "a rule of the policy says never for this risk, environment, group or playbook",
            "a cap of the policy is passed: too many hosts, bytes or files in one plan",
        ),
        host=LOOKED,
        then=(
            ("remedy explain PLAN", "names the line, and by how much a cap is passed"),
            ("remedy plan PLAYBOOK --host H", "with fewer hosts, where a cap was passed"),
            ("remedy explain policy --host H", "says what may be done there at all"),
        ),
    ),
    Page(
        kind="closed",
        advice="Apply it when the window opens: the message says when. In an emergency: --break-glass REASON.",
        causes=(
            "a change window of the policy is shut now",
            "a freeze of the policy holds now; the message gives its reason",
        ),
        host=LOOKED,
        then=(
            ("remedy explain PLAN", "says which window or freeze, and when all of them are open"),
            ("remedy approve PLAN", "may be typed already; mind that an approval expires"),
            ("remedy apply PLAN --break-glass REASON", "in an emergency; it is recorded in capitals"),
        ),
    ),
    Page(
        kind="spent",
        advice="Look for the cause: the remedy does not last. In an emergency: --break-glass REASON.",
        causes=(
            "the playbook has changed this host as often, within the hour, as the policy allows",
            "by standing approvals, nobody watching, it has run once in 2 minutes, twice in 8, or three times in 60",
        ),
        host="It is as the last run left it. Nothing was done this time.",
        then=(
            ("remedy list runs", "shows the runs before; remedy show RUN what each found and did"),
            ("remedy check PLAYBOOK --host H", "asks how it stands, and changes nothing"),
            ("remedy apply PLAYBOOK --host H", "by a person, where only standing approvals are spent"),
        ),
    ),
    Page(
        kind="stale",
        advice="Something is not as it was when the plan was made. Look at both sides, then plan again.",
        causes=(
            "what is on the host is not what the plan rests on: both observations are shown",
            "the playbook, the policy, an action or the host's entry in the inventory has changed since",
            "the plan was altered after it was made: its digest is not its own",
        ),
        host="It was looked at again and left as it is; one stale host makes the whole plan stale.",
        then=(
            ("remedy plan PLAYBOOK --host H", "makes a new plan on what is there now; it needs its own consent"),
            ("remedy show RUN", "shows both sides again"),
        ),
    ),
    Page(
        kind="busy",
        advice="Wait for the other run. When it is surely over: remedy unlock HOST --owner ID.",
        causes=(
            "another run holds the lease of the host; the message names its owner",
            "as many hosts are in hand as max_hosts_at_once of the policy allows; the message names them",
            "another process writes to the store of this home",
        ),
        host="Another run may be at work on it. This one did nothing.",
        then=(
            ("remedy list runs --open", "shows runs of this home that are not closed"),
            ("remedy resume", "brings those that were cut off to their end, and gives their leases back"),
            ("remedy unlock HOST --owner ID", "when you are sure that nothing of that run is at work any more"),
        ),
    ),
    Page(
        kind="hostkey",
        advice="Compare the fingerprint with the host's own, then remedy trust HOST.",
        causes=(
            "no key of this host is pinned yet",
            "the host shows another key than the pinned one: it was built anew, or it is another machine",
        ),
        host="No credential and no byte of a request was sent to it.",
        then=(
            ("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", "on the host's own console, to compare with"),
            ("remedy trust HOST", "shows the fingerprint, asks, and pins it"),
        ),
    ),
    Page(
        kind="unreachable",
        advice="Nothing was sent. See to the network, the login or the host, then run it again.",
        causes=(
            "its name, its port or its login could not be had within seconds",
            "the login works, and its shell, sudo -n or container does not",
        ),
        host="Nothing of this run was sent to it: it is as it was.",
        then=(
            ("remedy check PLAYBOOK --host H", "tries again, and changes nothing"),
            ("remedy explain H VAR", "says which line of the inventory a value comes from"),
            ("remedy resume", "where a run was cut off by it"),
        ),
    ),
    Page(
        kind="cannot-tell",
        advice="The host answered, but not what was asked. Run the check by hand there.",
        causes=(
            "a check or a look got no answer that makes sense, or none in time",
            "the command was interrupted before it had its answer",
        ),
        host="What could not be told was not acted upon. It never counts as: nothing to do.",
        then=(
            ("remedy check PLAYBOOK --host H", "asks again, and changes nothing"),
            ("remedy list runs --open", "where a run was interrupted"),
        ),
    ),
    Page(
        kind="unknown",
        advice="remedy resume RUN settles it by the host's receipts or by looking.",
        causes=(
            "the conversation ended after a change was sent, before its answer came",
            "the controller was killed or restarted in the middle of a run",
        ),
        host="A change may be done in part, in whole or not at all. It keeps its lease, so nobody builds on it.",
        then=(
            ("remedy resume RUN", "reconnects, waits for what still runs, settles each step and goes on"),
            ("remedy show RUN", "says what was intended, sent, seen, and not known"),
            ("remedy settle RUN STEP --as done|not-done", "when you have looked yourself, where nothing else can tell"),
        ),
    ),
    Page(
        kind="failed",
        advice="remedy show RUN has what the host printed; remedy undo RUN takes the run back.",
        causes=("an operation ended badly on the host, or its effect was not seen in time",),
        host="What went before the failure is done; what came after was not begun. The run's record has both.",
        then=(
            ("remedy show RUN", "has the operation's own words"),
            ("remedy undo RUN", "plans the way back from what is there now, and asks"),
        ),
    ),
    Page(
        kind="store",
        advice="Do not repair it by hand: restore the state directory from a backup. remedy doctor explains.",
        causes=(
            "the disk of the home is full, read-only or broken",
            "the journal or a row beside it is not what was written, or is an older copy",
            "a newer remedy has used this store",
        ),
        host="Nothing new was begun. A run that was under way is settled by resume, once the store can be trusted.",
        then=(
            ("remedy doctor", "checks all of the store and names the row that is wrong"),
            ("cp -a HOME/.remedy SOMEWHERE", "keeps a copy, before a whole one is put back from a backup"),
        ),
    ),
    Page(
        kind="bug",
        advice="Report it with the file that the message names; it holds no values.",
        causes=("remedy broke one of its own promises",),
        host="If a run was under way, its record says how far it came.",
        then=(
            ("remedy list runs --open", "shows whether a run was under way; remedy resume goes on with it"),
            ("remedy doctor", "says whether the store is sound"),
        ),
    ),
)  # a table of constants


def page_of(kind: str) -> Page:
    """The page of a kind. A kind without one is a mistake that a test finds."""
    return next(p for p in PAGES if p.kind == kind)


def lines_of(page: Page) -> list[str]:
    """A page as a terminal shows it, without its title."""
    found = next(k for k in kinds() if k.kind == page.kind)
    width = max(len(command) for command, _ in page.then)
    return [
        promise(found),
        f"exit code {found.exit_code}",
        "",
        "how it comes about:",
        *(f"  - {cause}" for cause in page.causes),
        "the host:",
        f"  {page.host}",
        "next:",
        *(f"  {command:<{width}}  {when}" for command, when in page.then),
    ]


def errors_page() -> str:
    """The reference of all kinds of errors, as Markdown."""
    lines = [
        "# Errors",
        "",
        "Made from `remedy/cli/kinds.py`; a test fails when it differs, and when a kind has no page.",
        "`remedy explain KIND` says the same. With `--json` the kind is in `error.kind`.",
        "",
    ]
    for kind in kinds():
        page = page_of(kind.kind)
        lines += [
            f"## {page.kind}",
            "",
            f"{promise(kind)} Exit code {kind.exit_code}.",
            "",
            *(f"- {cause}" for cause in page.causes),
            "",
            f"**The host:** {page.host}",
            "",
            "| next | |",
            "|---|---|",
            *(f"| `{command.replace('|', chr(92) + '|')}` | {when} |" for command, when in page.then),
            "",
        ]
    return "\n".join(lines[:-1]) + "\n"
