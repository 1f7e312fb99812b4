"""Every command: help with an example, what to type instead, one document with --json, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from remedy.cli.app import COMMANDS
from remedy.cli.edge import run
from remedy.cli.exits import EXITS, kinds, page
from remedy.errors import RemedyError
from remedy.hosts.fake import Fault
from remedy.ports import Lease
from tests.cli.conftest import Bench
from tests.cli.write_reference import ADVICE, whole

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_has_an_example(bench: Bench, capsys: pytest.CaptureFixture[str], name: str) -> None:
    done = bench(name, "--help")
    said = capsys.readouterr().out + done.out

    assert done.code == 0
    assert f"Example: remedy {name}" in said or f"remedy {name}" in said.partition("Example: ")[2]


def test_help_lists_every_command(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    done = bench("--help")
    said = capsys.readouterr().out + done.out

    assert all(f"  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize(
    ("argv", "fix"),
    [
        (("plna",), "did you mean plan?"),
        (("frobnicate",), "remedy --help lists the commands"),
        (("plan", "disk-full", "--hosts", "test1"), "did you mean --host?"),
        (("plan", "disk-ful", "--host", "test1"), "did you mean disk-full?"),
        (("plan", "disk-full", "--group", "al"), "did you mean all?"),
        (("plan", "disk-full", "--host", "test1", "-p", "mont=/"), "did you mean mount?"),
        (("plan", "disk-full", "--host", "test1", "-p", "mount"), "for example -p mount=/var"),
        (("plan", "disk-full"), "--host NAME or --group NAME; remedy list hosts shows them"),
        (("plan",), "remedy plan --help"),
        (("explain", "file.prune"), "did you mean files.prune?"),
        (("list", "plan"), "remedy list --help"),
        (("apply", "disk-ful"), "did you mean disk-full?"),
        (("apply", "p1", "-p", "a=b"), "remedy apply PLAYBOOK --host H -p ..."),
    ],
)
def test_what_is_wrong_is_answered_with_what_to_type(bench: Bench, argv: tuple[str, ...], fix: str) -> None:
    done = bench(*argv, "--json")

    error = done.document["error"]
    assert (error["fix"], done.code in (2, 3)) == (fix, True), error
    assert set(error) >= {"kind", "message", "at", "fix"}
    plain = bench(*argv)
    assert (plain.code, plain.out) == (done.code, ""), "without --json an error is on standard error"
    assert fix in plain.err


def test_an_option_without_its_value_leads_to_the_commands_own_help(bench: Bench) -> None:
    done = bench("plan", "disk-full", "--host")

    assert (done.code, "fix: remedy plan --help" in done.err) == (2, True), done


def test_fault_016_a_misspelled_host_matches_nothing_and_nobody_is_asked(bench: Bench) -> None:
    done = bench("plan", "disk-full", "--host", "tset1", "--json")

    assert (done.code, done.document["error"]["fix"], bench.connections) == (3, "did you mean test1?", 0)


def test_more_hosts_than_the_playbook_allows_are_refused(bench: Bench) -> None:
    playbook = bench.path / "playbooks/disk-full.yml"
    playbook.write_text(playbook.read_text().replace("hosts: 3", "hosts: 1"))

    done = bench("plan", "disk-full", "--group", "all", "--json")  # fault 17

    assert (done.code, bench.connections) == (3, 0), done


def test_every_problem_of_a_file_is_told_with_its_place(bench: Bench) -> None:
    playbook = bench.path / "playbooks/disk-full.yml"
    text = playbook.read_text().replace("below:", "belwo:").replace("older_than: 7d", "older_than: soon")
    playbook.write_text(text)

    done = bench("validate", "--json")
    problems = done.document["error"]["problems"]

    assert (done.code, len(problems) >= 2) == (2, True), done
    assert all(p["at"].count(":") == 2 and "disk-full.yml" in p["at"] for p in problems)
    plain = bench("validate").err.splitlines()
    assert next(line for line in plain if "disk-full.yml:" in line).startswith(problems[0]["at"] + ":")


def test_what_is_valid_is_said_to_be(bench: Bench) -> None:
    assert bench("validate", "--json").document["valid"] is True
    assert bench("validate", "playbooks/disk-full.yml").out == "disk-full.yml is valid\n"


def test_check_says_how_it_stands_and_changes_nothing(bench: Bench) -> None:
    sick = bench("check", "disk-full", "--host", "test1", "--json")
    assert (sick.code, sick.document["hosts"]["test1"]["symptom"]["answer"]) == (1, "ok")

    bench.disks["test1"].files.clear()
    well = bench("check", "disk-full", "--host", "test1")
    assert (well.code, bench.mutations) == (0, 0), well


@pytest.mark.parametrize("what", ["plans", "runs", "hosts", "actions", "playbooks", "schedules"])
def test_every_list_is_an_array(bench: Bench, what: str) -> None:
    bench("apply", "disk-full", "--host", "test1", "--yes")

    assert isinstance(bench("list", what, "--json").document, list)
    assert bench("list", what).code == 0


def test_a_plan_for_scripts_has_the_promised_shape(bench: Bench) -> None:
    plan = bench("plan", "disk-full", "--host", "test1", "--json").document

    assert {"id", "digest", "playbook", "changes", "unchanged", "approval"} <= set(plan)
    assert set(plan["approval"]) == {"needed", "given"}
    wanted = {"host", "step", "action", "title", "risk", "operations", "undo", "effect"}
    assert all(wanted <= set(c) for c in plan["changes"])


def test_a_run_for_scripts_has_the_promised_shape(bench: Bench) -> None:
    run_document = bench("apply", "disk-full", "--host", "test1", "--yes", "--json").document

    assert {"run", "plan", "verdict", "hosts"} <= set(run_document)
    for host in run_document["hosts"].values():
        assert {"outcome", "steps"} <= set(host)
        assert all({"step", "outcome", "reason"} <= set(s) for s in host["steps"])
    assert bench("show", run_document["run"], "--json").document == run_document


def test_a_variable_is_explained_with_the_place_it_comes_from(bench: Bench) -> None:
    found = bench("explain", "prod1", "mount", "--json").document

    assert (found["value"], found["layer"]) == ("/srv", "host prod1")
    assert found["at"].endswith("hosts.yml:10:19"), found["at"]
    assert found["instead_of"][0]["value"] == "/srv/data"


@pytest.mark.parametrize("word", ["files.prune", "disk.free", "stale", "3", "70", "disk-full"])
def test_a_word_is_explained(bench: Bench, word: str) -> None:
    plain, document = bench("explain", word), bench("explain", word, "--json").document

    assert (plain.code, isinstance(document, dict)) == (0, True)
    assert len(plain.out.splitlines()) >= 2


def test_every_kind_of_error_has_an_exit_code_that_is_explained_and_an_advice() -> None:
    codes = {e.code for e in EXITS}
    found = list(kinds())

    assert codes == {0, 1, 2, 3, 4, 5, 6, 70}
    assert {k.kind for k in found} == set(ADVICE)
    assert {k.exit_code for k in found} <= codes
    assert all(k.kind != RemedyError.kind for k in found)


def test_the_reference_of_exit_codes_is_what_the_program_says() -> None:
    assert (ROOT / "docs/exit-codes.md").read_text() == page(ADVICE), "python -m tests.cli.write_reference"


def test_the_reference_of_commands_is_what_the_program_says() -> None:
    text = (ROOT / "docs/cli.md").read_text()

    assert text == whole(text), "python -m tests.cli.write_reference"


def test_doctor_says_what_is_missing(bench: Bench) -> None:
    done = bench("doctor", "--json")

    states = {f["what"]: f["state"] for f in done.document["findings"]}
    assert (done.code, done.document["ok"]) == (1, False), "the keys of both hosts are not pinned"
    assert (states["journal"], states["host test1"], states["yaml"]) == ("ok", "fault", "ok")
    assert "remedy trust test1" in bench("doctor").out


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_prints_a_script(bench: Bench, shell: str) -> None:
    done = bench("completion", shell)

    assert done.code == 0
    assert "_REMEDY_COMPLETE" in done.out


def test_unlock_removes_only_the_named_lease(bench: Bench) -> None:
    host = bench.hosts["test1"]
    host.holder, host.owner = Lease(run="r1", fence=1), "somebody@elsewhere"

    busy = bench("apply", "disk-full", "--host", "test1", "--yes", "--json")
    assert (busy.code, bench.mutations) == (3, 0), busy
    assert bench("unlock", "test1", "--owner", "r2").code == 3
    assert bench("unlock", "test1", "--owner", "r1", "--json").document["unlocked"] is True
    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 0


def test_settle_takes_a_persons_word_and_only_on_what_is_open(bench: Bench) -> None:
    bench.hosts["test1"].fail(Fault(verb="change", when="acting"))
    run_id = bench("apply", "disk-full", "--host", "test1", "--yes", "--json").document["run"]

    wrong = bench("settle", run_id, "old-lgos", "--as", "done", "--json")
    assert (wrong.code, wrong.document["error"]["fix"]) == (2, "did you mean old-logs?")
    assert bench("settle", run_id, "old-logs", "--as", "done").code == 0
    assert bench("settle", run_id, "old-logs", "--as", "done").code == 3, "it is settled now"


def test_nothing_but_the_document_is_on_standard_output(bench: Bench) -> None:
    for argv in (
        ("plan", "disk-full", "--host", "test1"),
        ("apply", "disk-full", "--host", "test1"),
        ("apply", "disk-full", "--host", "test1", "--yes"),
        ("resume",),
        ("validate",),
        ("doctor",),
    ):
        json.loads(bench(*argv, "--json").out)


def test_the_exit_code_is_the_one_of_the_function_too(bench: Bench) -> None:
    assert callable(run)
    assert bench("--version").out.startswith("remedy ")


def test_fault_023_a_playbook_is_explained_with_its_next_five_runs(bench: Bench) -> None:
    playbook = bench.path / "playbooks/disk-full.yml"
    playbook.write_text(playbook.read_text() + 'schedule: {cron: "17 3 * * 1", groups: [all]}\n')

    document, said = bench("explain", "disk-full", "--json").document, bench("explain", "disk-full").out

    assert document["schedule"]["next"] == [
        f"2024-{day}T03:17:00+00:00" for day in ("06-03", "06-10", "06-17", "06-24", "07-01")
    ]
    assert "schedule: 17 3 * * 1 (UTC), on all; a time that was missed: skip" in said
    assert "Mon 2024-06-03 03:17 UTC" in said
    assert said.count(" here") == 5

    playbook.write_text(playbook.read_text().replace("17 3 * * 1", "*/10 * * * *"))
    refused = bench("validate", "--json")
    assert (refused.code, "at medium risk an hour is the least" in refused.out) == (2, True), refused
