"""One night with remedy, on a real host and at a real terminal: docs/terminal.md is made of it.

`python -m tests.e2e.write_terminal` writes the page (`make docs-lab`); a test fails when what is printed no longer has
the form that the page shows.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.home import Home
from tests.e2e.screen import COLUMNS, Seen, Typed, at_terminal
from tests.lab import LabHost, SshdHost
from tests.lab.relay import Relay

DAY_S = 86_400
MIB = 2**20
WEB_HOSTS = 8
MOMENT = "y, and a moment later"
OLD = {2: (9 * MIB, 9), 3: (11 * MIB, 16), 4: (12 * MIB, 23)}  # number: size in bytes, age in days
VALUES = {
    "mount": "/srv/data",
    "log_dir": "/srv/data/log",
    "unit": "app.service",
    "url": "http://127.0.0.1:8080/health",
}
SLOW = """mkdir -p /etc/systemd/system/app.service.d
printf '[Service]\\nExecStartPre=/bin/sleep 2\\n' >/etc/systemd/system/app.service.d/slow.conf
systemctl daemon-reload"""

WEB = """set -e
mkdir -p /srv/data/log
for n in 2 3; do
    head -c 12000000 /dev/zero >/srv/data/log/app.log.$n
    touch -d '9 days ago' /srv/data/log/app.log.$n
done
head -c 36000000 /dev/zero >/srv/data/.ballast
chmod 700 /srv/quarantine
"""


@dataclass(frozen=True)
class Scene:
    """One thing that a person does, why, and what is seen."""

    title: str
    why: str
    screens: tuple[tuple[str, list[str]], ...]  # what was typed, and the lines


@dataclass(frozen=True)
class Night:
    """A home with two hosts, prod1, which gets into trouble, and prod2, which is down; and a group of small ones."""

    home: Home
    host: LabHost
    relay: Relay
    web: tuple[SshdHost, ...]  # a group of small hosts; the last one is down
    timings: int = 1  # how often a look is timed; the shortest is told

    @classmethod
    def of(cls, home: Home, host: LabHost, relay: Relay, web: Sequence[SshdHost], timings: int = 1) -> Night:
        address = f"ssh://{host.user}@127.0.0.1:{relay.port}"
        prod1 = host.entry(address=address, environment="production", vars=VALUES)
        down = host.entry(address="ssh://deploy@127.0.0.1:1", environment="production", vars=VALUES)
        names = [f"web{n:02}" for n in range(1, len(web) + 1)]
        small = {name: h.entry(vars=VALUES) for name, h in zip(names, web, strict=True)}
        groups = {"prod": {"hosts": ["prod1", "prod2"]}, "web": {"hosts": names}}
        home.write_inventory({"hosts": {"prod1": prod1, "prod2": down, **small}, "groups": groups})
        return cls(home, host, relay, tuple(web), timings)

    def scenes(self) -> Iterator[Scene]:
        """The night, from the first look to the last."""
        yield self._all_is_well()
        self._fill()
        yield self._look()
        yield self._stale()
        yield self._apply()
        yield self._undo()
        yield self._unknown()
        yield self._group()
        yield self._fleet()

    def _run(self, *args: str, typed: tuple[Typed, ...] = (), code: int = 0) -> Seen:
        seen = at_terminal(self.home, *args, typed=typed)
        assert seen.code == code, (seen.code, "\n".join(seen.end))
        return seen

    def _latest(self, what: str) -> str:
        return str(self.home.remedy("list", what, "--json").document[0]["id"])

    def _time_of(self, *args: str) -> float:
        begun = time.monotonic()
        self._run(*args)
        return time.monotonic() - begun

    # ------------------------------------------------------------ the scenes

    def _fill(self) -> None:
        for number, (size_bytes, days) in OLD.items():
            self.host.write_old_file(f"/srv/data/log/app.log.{number}", size_bytes=size_bytes, age_s=days * DAY_S)
        self.host.fill(90)
        self.host.sh("mv /srv/data/ballast.bin /srv/data/.ballast; systemctl stop app")

    def _all_is_well(self) -> Scene:
        args = ("look", "--host", "prod1")
        return Scene("All is well", "One line, and nothing to type.", ((_typed(args), self._run(*args).end),))

    def _look(self) -> Scene:
        args = ("look", "--host", "prod1")
        lines = self._run(*args).end
        took_s = min(self._time_of(*args) for _ in range(self.timings))
        why = (
            "The pager says that prod1 is unwell. Every symptom of every playbook that fits the host is asked in one"
            f" request; here that took {took_s:.1f} s, connection and all, on {os.cpu_count()} processors with a"
            f" load of {os.getloadavg()[0]:.0f}."
        )
        verbose = (*args, "-v")
        return Scene("What is wrong?", why, ((_typed(args), lines), (_typed(verbose), self._run(*verbose).end)))

    def _stale(self) -> Scene:
        self._run("plan", "disk-full", "--host", "prod1")
        plan = self._latest("plans")
        self.host.write_old_file("/srv/data/log/app.log.3", size_bytes=12 * MIB, age_s=8 * DAY_S)
        args = ("apply", plan, "--yes")
        why = (
            "A plan was made; before it was applied, somebody wrote another file under a name that it lists. What was"
            " approved is not what is there, so nothing is done: both observations stand side by side."
        )
        return Scene("The host has changed since the plan", why, ((_typed(args), _tail(self._run(*args, code=3).end)),))

    def _apply(self) -> Scene:
        args = ("apply", "disk-full", "--host", "prod1")
        question, working = "[y/N] ", "old-logs ..."
        seen = self._run(*args, typed=(Typed(question, "y\n"),))
        asked, going = seen.when(question), seen.when(working)
        after = seen.end[len(asked) :]
        why = (
            "The plan is shown whole; the question comes last, and waits. While it works, the last line says what"
            " happens now; then what came of it stands there."
        )
        screens = (
            (_typed(args), asked),
            ("y, and while it works the terminal's last line says", going[-1:]),
            ("and at the end", after),
            (_typed(args), _tail(self._run(*args, typed=()).end)),
        )
        return Scene("Plan, question, work, result", why, screens)

    def _undo(self) -> Scene:
        runs = self.home.remedy("list", "runs", "--json").document
        run, plan = next((r["id"], r["plan"]) for r in runs if r["outcome"] == "changed")
        by_hand = ("show", plan, "--as-shell")
        undo = ("undo", run, "--yes")
        why = (
            "The same as commands, for who would rather type them; and the way back, which is a plan like any other,"
            " made from what is there now."
        )
        screens = (
            (_typed(by_hand), self._run(*by_hand).end),
            (_typed(("show", run)), self._run("show", run).end),
            (_typed(undo), self._run(*undo).end),
        )
        return Scene("By hand, the record, and back", why, screens)

    def _unknown(self) -> Scene:
        self.host.sh(SLOW)
        args = ("apply", "service-down", "--host", "prod1", "--yes")
        cut = Typed("restart ...", do=self._cut)
        lines = self._run(*args, typed=(cut,), code=6).end
        look, resume = ("look", "--host", "prod1"), ("resume",)
        seen = self._run(*look).end
        why = (
            "The connection broke while the service was being restarted: nobody knows what became of it, and remedy"
            " says so. The host keeps its lease. `remedy resume` asks the host's own receipt, and goes on."
        )
        return Scene(
            "Unknown, and what then",
            why,
            ((_typed(args), _tail(lines)), (_typed(look), seen), (_typed(resume), self._run(*resume).end)),
        )

    def _cut(self) -> None:
        time.sleep(0.5)  # the request is on its way: the host has it, and answers only when the service is up
        self.relay.cut()

    def _group(self) -> Scene:
        args = ("look", "--group", "prod")
        why = "A host that is down is told as such, and is never taken for well. The exit code is 4."
        return Scene("A group", why, ((_typed(args), self._run(*args, code=4).end),))

    def _fleet(self) -> Scene:
        shipped = (PAGE.parents[1] / "playbooks" / "disk-full.yml").read_text()
        named = shipped.replace("playbook: disk-full", "playbook: web-disk-full")
        wide = re.sub(r"(?m)^limits: .*$", "limits: {hosts: 20, batch: 3, max_failures: 1}", named)
        (self.home.path / "playbooks" / "web-disk-full.yml").write_text(wide)
        for host in self.web:
            host.sh(WEB)
        self.web[-1].stop()
        args = ("apply", "web-disk-full", "--group", "web")
        question = "[y/N] "
        seen = self._run(*args, typed=(Typed(question, "y\n"),), code=4)
        counts = r"\d+ hosts: [^\n]*at work[^\n]*"
        why = (
            "One of eight is down: the plan covers the others and says so. One host goes first, the canary; then three"
            " at a time, each batch when the one before is verified. The table stands in place; this is a moment of it."
        )
        asked = seen.when(question)
        frame = seen.frame(counts + "changed", counts)
        at = max(n for n, line in enumerate(frame) if re.match(counts, line))
        screens = (
            (_typed(args), asked),
            (MOMENT, frame[at:]),
            ("and at the end", seen.end[len(asked) :]),
        )
        return Scene("A fleet", why, screens)


def _typed(args: tuple[str, ...]) -> str:
    return "$ remedy " + " ".join(args)


def _tail(lines: list[str]) -> list[str]:
    """What comes after the plan, which was shown before."""
    at = next((n for n, line in enumerate(lines) if line.startswith(("approval: ", "next: "))), -1)
    return [line for line in lines[at + 1 :] if line] if at >= 0 else lines


# ---------------------------------------------------------------- the page

FIXED = (
    (r"digest [0-9a-f]{16}", "digest 4f0c9a17be52d8e3"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", "2026-03-14T03:12:09+00:00"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-03-14 03:12:09"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-03-01 03:12"),
    (r"uid:\d+ \([\w-]+\)", "uid:1000 (oncall)"),
    (r"held by \S+@[\w.-]+", "held by oncall@desk"),
    (r"prune-\d+-\d+\.\d+", "prune-1772420000-94.2"),
    (r"ssh://deploy@127\.0\.0\.1:1\b", "ssh://deploy@10.0.0.12:22"),
    (r"ssh://deploy@127\.0\.0\.1:\d+", "ssh://deploy@10.0.0.11:22"),
    (r"(ssh://)?root@127\.77\.\d+\.\d+:2222", "ssh://root@10.0.1.21:22"),
    (r"127\.77\.\d+\.\d+", "10.0.1.21"),
    (r"(?<=\D )\d+:\d\d$", "0:01"),
    (r"ssh -p \d+ deploy@127\.0\.0\.1", "ssh deploy@10.0.0.11"),
    (r"127\.0\.0\.1 port 1\b", "10.0.0.12 port 22"),
    (r"127\.0\.0\.1:1\b(?!\d)", "10.0.0.12:22"),
    (
        r"up \d[\d,]* \w+, load [\d. ]+ on \d+ processors?, [\d.]+%",
        "up 13 days, load 0.31 0.28 0.22 on 4 processors, 61.0%",
    ),
    (r"\b\d+ s ago", "12 s ago"),
    (
        r"\d+ process(es)? \(.*?\) did not show what",
        "3 processes (212 systemd, 213 (sd-pam), 240 sshd) did not show what",
    ),
)
IDS = re.compile(r"\b([pr])[0-9a-f]{8}\b")


def page(scenes: list[Scene]) -> str:
    """The whole page, with times, ids and addresses that do not differ from one writing to the next."""
    rows = [
        "# What it looks like",
        "",
        f"A night with remedy, as it stands on a terminal of {COLUMNS} columns: real runs on a test host, written down",
        "by `make docs-lab`. Times, ids and addresses are made the same for every writing; styles are left out.",
        "",
    ]
    for scene in scenes:
        rows += [f"## {scene.title}", "", scene.why, ""]
        for typed, lines in scene.screens:
            rows += [
                "```text",
                *([typed] if typed.startswith("$") else [f"# {typed}"]),
                *_without(typed, lines),
                "```",
                "",
            ]
    return fixed("\n".join(rows))


def _without(typed: str, lines: list[str]) -> list[str]:
    while lines and not lines[0]:
        lines = lines[1:]
    return [line for line in lines if line != typed]


def fixed(text: str) -> str:
    """The text with what moves made still; ids become p1a2b3c1, p1a2b3c2 in the order of their coming."""
    for pattern, value in FIXED:
        text = re.sub(pattern, value, text, flags=re.MULTILINE)
    known: dict[str, str] = {}
    for found in IDS.finditer(text):
        known.setdefault(found[0], f"{found[1]}1a2b3c{len(known) + 1:x}")
    return IDS.sub(lambda found: known[found[0]], text)


def screens_of(text: str) -> list[list[str]]:
    """Every screen of a page, without numbers, and without what other playbooks or processes there may be."""
    found = re.findall(r"(?ms)^```text\n(.*?)^```", text)
    return [_form(screen) for screen in found]


def _form(screen: str) -> list[str]:
    kept = re.sub(
        r"(?m)^ +\S+ \S+ +(dir|file|deleted) .*\n|^ +.* did not show what .* open\n|^ +does not fit .*\n", "", screen
    )
    words = re.sub(r"[\d,]*\d(\.\d+)?", "N", re.sub(r" \(\d+ do(es)? not fit it: -v\)", "", kept))
    return [re.sub(r" +", " ", line).strip() for line in words.splitlines()]


PAGE = Path(__file__).resolve().parents[2] / "docs" / "terminal.md"
