"""Standing approvals at the command line: given, listed, used when told to, taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.box import MIB
from tests.cli.conftest import SECOND, Bench

GIVE = ("approve", "--standing", "disk-full", "--group", "all", "--max-bytes", "200MiB", "--until", "30d")


def stand(bench: Bench, *more: str) -> str:
    done = bench(*GIVE, *more, "--json", person=SECOND)
    assert done.code == 0, done
    identifier: str = done.document["id"]
    return identifier


def fill(bench: Bench, host: str = "test1") -> None:
    """Another file to be taken, so that the disk is full again."""
    disk = bench.disks[host]
    disk.files[f"more.log.{len(disk.gone)}"] = (50 * MIB, 9)
    disk.size = disk.other + sum(size for size, _ in disk.files.values()) + 130 * MIB


def test_it_is_used_when_told_to_and_never_silently(bench: Bench) -> None:
    stand(bench)

    plain = bench("apply", "disk-full", "--host", "test1", "--json")
    assert (plain.code, plain.document["error"]["kind"], bench.mutations) == (3, "unapproved", 0), plain

    done = bench("apply", "disk-full", "--host", "test1", "--standing", "--json")
    assert (done.code, bench.mutations) == (0, 1), done
    assert "consent: approved by uid:1001 (second)" in done.err
    shown = bench("show", done.document["run"]).out
    assert "approved beforehand: s" in shown
    assert ", of uid:1001 (second)" in shown
    assert "no consent" not in shown


def test_what_it_covers_is_said_and_listed(bench: Bench) -> None:
    said = bench(*GIVE, "--reason", "nightly", person=SECOND).out

    assert "disk-full on group all, up to medium risk, 1 host at once, 200 MiB at once" in said, said
    assert "until 2024-07-01 12:00 UTC, by uid:1001 (second)" in said
    assert "remedy apply disk-full --host prod1 --standing" in said
    (row,) = bench("list", "approvals", "--json").document
    assert (row["state"], row["max_risk"], row["max_bytes"], row["reason"]) == (
        "standing",
        "medium",
        200 * MIB,
        "nightly",
    )
    assert row["id"] in bench("list", "approvals").out


def test_a_changed_playbook_is_no_longer_covered_and_it_says_so(bench: Bench) -> None:
    approval = stand(bench)
    playbook = bench.path / "playbooks/disk-full.yml"
    playbook.write_text(playbook.read_text().replace("older_than: 7d", "older_than: 6d"))

    done = bench("apply", "disk-full", "--host", "test1", "--standing", "--json")

    error = done.document["error"]
    assert (done.code, error["kind"], bench.mutations) == (3, "unapproved", 0)
    assert f"standing approval {approval} was given to the playbook as it was before it changed" in error["message"]
    assert bench("list", "approvals", "--json").document[0]["state"] == "outdated"
    assert bench("list", "approvals", "--open", "--json").document == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--max-bytes", "100MiB"), "covers 104,857,600 bytes, these are 157,286,400"),
        (("--host", "prod1"), "does not cover test1"),
        (("--max-risk", "low"), "covers low risk, this is"),
    ],
)
def test_beyond_its_caps_it_is_refused_with_the_number(bench: Bench, more: tuple[str, ...], why: str) -> None:
    bench.disks["test1"].quarantine = True
    stand(bench, *more)

    done = bench("apply", "disk-full", "--host", "test1", "--standing")

    assert (done.code, bench.mutations) == (3, 0), done
    assert why in done.err


def test_taken_back_it_serves_no_more(bench: Bench) -> None:
    approval = stand(bench)

    taken = bench("reject", approval[:5], "--reason", "enough")

    assert (taken.code, f"standing approval {approval} is taken back" in taken.out) == (0, True), taken
    done = bench("apply", "disk-full", "--host", "test1", "--standing")
    assert (done.code, "was taken back by uid:1000 (oncall): enough" in done.err) == (3, True), done
    assert bench("list", "approvals", "--json").document[0]["state"] == "taken back"


def test_fault_091_without_anybody_it_runs_three_times_an_hour_at_most(bench: Bench) -> None:
    stand(bench)
    for _ in range(3):
        assert bench("apply", "disk-full", "--host", "test1", "--standing").code == 0
        bench.clock.at += timedelta(minutes=5)
        fill(bench)

    done = bench("apply", "disk-full", "--host", "test1", "--standing", "--json")

    assert (done.code, done.document["error"]["kind"], bench.mutations) == (3, "spent", 3), done
    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 0, "somebody looked"


def test_fault_091_each_time_without_anybody_it_waits_four_times_as_long(bench: Bench) -> None:
    stand(bench)
    begun = bench.clock.at
    for minutes, code in ((0, 0), (1, 3), (2, 0), (7, 3), (8, 0), (59, 3), (60, 0), (61, 3)):
        bench.clock.at = begun + timedelta(minutes=minutes)
        done = bench("apply", "disk-full", "--host", "test1", "--standing", "--json")
        assert done.code == code, (minutes, done)
        if code == 0:
            fill(bench)
    assert done.document["error"]["fix"].startswith("again from 2024-06-01"), done


@pytest.mark.long
def test_fault_091_what_comes_back_all_day_is_remedied_three_times_an_hour(bench: Bench) -> None:
    stand(bench)
    begun, ran = bench.clock.at, []
    for minutes in range(0, 24 * 60, 5):
        bench.clock.at = begun + timedelta(minutes=minutes)
        done = bench("apply", "disk-full", "--host", "test1", "--standing", "--json")
        assert (done.code, done.document.get("error", {}).get("kind")) in ((0, None), (3, "spent")), done
        if done.code == 0:
            ran.append(minutes)
            fill(bench)
    assert len(ran) == bench.mutations == 24 * 3
    assert all(later - first >= 60 for first, later in zip(ran, ran[3:], strict=False))


def test_two_people_where_the_policy_wants_them(bench: Bench) -> None:
    (bench.path / "inventory/policy.yml").write_text("rules:\n  - {environment: test, people: 2}\n")
    own = bench(*GIVE)
    assert "note: test1, low risk: the policy wants a second person" in own.out

    assert bench("apply", "disk-full", "--host", "test1", "--standing").code == 3
    stand(bench)
    assert bench("apply", "disk-full", "--host", "test1", "--standing").code == 0


@pytest.mark.parametrize(
    ("argv", "code", "fix"),
    [
        (("approve", "disk-full", "--group", "all"), 2, "remedy approve --standing PLAYBOOK ..."),
        (("approve", "--standing", "disk-full", "--until", "7d"), 2, "--group NAME, or --host NAME, or both"),
        (("approve", "--standing", "disk-full", "--group", "all"), 2, "for example --until 30d"),
        ((*GIVE[:-1], "yesterday"), 2, "--until 30d, or --until 2030-01-31"),
        ((*GIVE[:-1], "2024-05-31"), 2, "for example --until 30d"),
        ((*GIVE[:-1], "91d"), 3, "--until 2024-08-30, or `standing:` in the policy"),
        ((*GIVE, "--max-bytes", "lots"), 2, "for example --max-bytes 20GiB"),
        ((*GIVE, "--max-risk", "high"), 2, "remedy approve --help"),
        (("reject", "s123"), 2, "remedy list plans"),
        (("apply", "disk-full", "--host", "test1", "--standing", "--yes"), 2, "leave one out"),
    ],
)
def test_what_is_wrong_is_answered_with_what_to_type(bench: Bench, argv: tuple[str, ...], code: int, fix: str) -> None:
    done = bench(*argv, "--json")
    assert (done.code, done.document["error"]["fix"]) == (code, fix), done


# ---------------------------------------------------------------- the clock


def test_fault_068_a_clock_that_was_ahead_is_accepted_by_typing_the_date(bench: Bench) -> None:
    before = bench.clock.at
    bench.clock.at += timedelta(days=3650)
    bench.plan()
    bench.clock.at = before
    stuck = bench("apply", "disk-full", "--host", "test1", "--yes")
    assert (stuck.code, "remedy unlock --clock" in stuck.err) == (3, True), stuck

    (clock,) = [f for f in bench("doctor", "--json").document["findings"] if f["what"] == "clock"]
    assert (clock["state"], "remedy unlock --clock" in clock["fix"]) == ("fault", True)

    assert bench("unlock", "--clock").code == 3, "nobody is here"
    wrong = bench("unlock", "--clock", typed="2034-05-30\n")
    assert (wrong.code, "nothing is changed" in wrong.err) == (3, True)
    done = bench("unlock", "--clock", typed="2024-06-01\n")
    assert (done.code, "approvals given before are void" in done.out) == (0, True), done

    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 0
    assert bench("unlock", "--clock", typed="2024-06-01\n").code == 3, "there is nothing to accept any more"
