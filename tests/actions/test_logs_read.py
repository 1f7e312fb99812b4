"""What is read from logs: files of every format, containers of a Compose service, a unit's journal."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host
from tests.actions.acting import Ask
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import tree_of
from tests.lab import DockerHost, LabHost


@pytest.fixture
def ask(far_end: FarEnd, catalogue: Catalogue, host: Host) -> Ask:
    return Ask(far_end, catalogue, host)


SECRETS = (
    "password=hunter2 and more",
    '{"token": "abc def"}',
    "Authorization: Bearer eyJhbGciOi.J9",
    "--password hunter2",
    "postgres://app:hunter2@db/app",
    "mail to person@example.org",
    "card 4111111111111111",
    "key AKIAIOSFODNN7EXAMPLE1",
    "DB_PASSWORD = hunter2",
    "Cookie: sid=abc",
)
LEAKS = ("hunter2", "abc", "eyJ", "person@", "4111", "AKIA")


@pytest.fixture
def now() -> int:
    """When the test began: what is within a window is counted from there."""
    return int(time.time())


FORMS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S,123 UTC", "[%d/%b/%Y:%H:%M:%S +0000]", "%Y-%m-%dT%H:%M:%S.5+00:00")


@pytest.mark.shells
@pytest.mark.parametrize("form", FORMS)
def test_lines_within_the_window_count_by_the_time_they_begin_with(
    ask: Ask, tmp_path: Path, now: int, form: str
) -> None:
    lines = [f"{time.strftime(form, time.gmtime(now - ago))} ERROR number {ago}" for ago in (7200, 3300, 60, 5)]
    lines[1:1] = ["  of the line before, with an error"]
    (tmp_path / "app.log").write_text("\n".join(lines))
    found = ask("logs.scan", files=[f"{tmp_path}/*.log"], window="1h", above=2)
    assert (found.answer, found.facts["total"]) == (Answer.OK, 3)
    assert (found.facts["first"], found.facts["last"]) == (now - 3300, now - 5)
    assert ask("logs.scan", files=[f"{tmp_path}/*.log"], window="1h", above=3).answer is Answer.NOT_OK
    assert ask("logs.scan", files=[f"{tmp_path}/*.log"], window="1h", at_most=3).answer is Answer.OK


@pytest.mark.shells
def test_a_time_without_a_zone_is_the_hosts_own_and_syslogs_year_is_guessed(ask: Ask, tmp_path: Path, now: int) -> None:
    (tmp_path / "a.log").write_text(
        time.strftime("%Y/%m/%d %H:%M:%S error here\n", time.localtime(now - 30))
        + time.strftime("%b %e %H:%M:%S host app: error here\n", time.localtime(now - 20))
        + time.strftime("%b %e %H:%M:%S host app: error of last year\n", time.localtime(now + 90_000 * 30))
    )
    found = ask("logs.scan", files=[f"{tmp_path}/a.log"], window="5m")
    assert (found.facts["total"], found.facts["first"], found.facts["last"]) == (2, now - 30, now - 20)


@pytest.mark.shells
def test_words_end_where_they_end_and_may_begin_within_another(ask: Ask, tmp_path: Path) -> None:
    said = ["ValueError: x", "0 errors", "errorless, then an Error", "PANIC", "no panics", "all is well", "Timed out"]
    (tmp_path / "a.log").write_text("\n".join(said) + "\n")
    found = ask("logs.scan", files=[f"{tmp_path}/a.log"], patterns=["error", "panic", "timeout"], texts=["IS well"])
    assert found.facts["by"] == {"error": 2, "panic": 1, "timeout": 1, "text1": 1}
    assert (found.facts["total"], found.facts["lines"], found.facts["complete"]) == (5, 7, True)


@pytest.mark.shells
def test_fault_019_a_text_of_an_expression_that_never_ends_is_found_as_it_stands(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a" * 3000 + "!\n" + r"x (a+)+$ \1 & y" + "\n")
    found = ask("logs.scan", files=[f"{tmp_path}/a.log"], patterns=[], texts=["(a+)+$ \\1 &", "a\\n"])
    assert found.facts["by"] == {"text1": 1, "text2": 0}


@pytest.mark.shells
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_a_sample(ask: Ask, tmp_path: Path, secret: str) -> None:
    (tmp_path / "a.log").write_text(f"an error with {secret}\n")
    reply = ask.reply("logs.scan", files=[f"{tmp_path}/a.log"])
    (sample,) = (line for line in reply.evidence if line.startswith("sample:"))
    assert sample.startswith("sample:1 an error with ")
    assert "***" in sample
    assert not any(leak in line for leak in LEAKS for line in (*reply.ground, *reply.evidence))


@pytest.mark.shells
def test_bounds_hold_for_many_files_long_lines_and_what_is_no_log(ask: Ask, tmp_path: Path, now: int) -> None:
    for name in ("one.log", "-n.log", "a b.log", "*.log"):
        (tmp_path / name).write_text("error\n" * 100)
    (tmp_path / "old.log").write_text("error\n" * 100)
    os.utime(tmp_path / "old.log", (now - 7200, now - 7200))
    (tmp_path / "packed.log.gz").write_text("error\n")
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "long.log").write_bytes(b"error " + b"\xff\x1b[2J" * 100_000 + b" error")
    before = tree_of(tmp_path)
    reply = ask.reply("logs.scan", files=[f"{tmp_path}/*.log*"], lines=10)
    assert tree_of(tmp_path) == before
    found = ask("logs.scan", files=[f"{tmp_path}/*.log*"], lines=10)
    assert (found.facts["total"], found.facts["complete"]) == (41, False)
    assert all(len(line) < 300 and "\x1b" not in line for line in reply.evidence)


@pytest.mark.shells
def test_a_log_that_is_not_there_cannot_be_told(ask: Ask, tmp_path: Path) -> None:
    reply = ask.reply("logs.scan", files=[f"{tmp_path}/none.log", "/none-such/x"])
    assert not reply.answered
    assert "there is no such log file" in reply.error


# ---------------------------------------------------------------- access logs


def _access(status: int, path: str, ago_s: int = 5) -> str:
    at = time.strftime(FORMS[2], time.gmtime(time.time() - ago_s))
    return f'10.0.0.1 - - {at} "GET {path} HTTP/1.1" {status} 12 "-" "curl \\x22/7"\n'


@pytest.mark.shells
def test_errors_are_a_share_of_the_requests_with_a_table_of_status_and_path(ask: Ask, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    lines = [_access(200, "/")] * 95 + [_access(502, f"/api/jobs/{n}?token=abc") for n in range(4)]
    lines += [_access(500, "/x"), _access(500, "/old", ago_s=7200), "2026/11/26 11:00:00 [error] not a request\n"]
    log.write_text("".join(lines))
    found = ask("logs.http_errors", files=[str(log)], above="4.99%")
    assert found.answer is Answer.OK
    assert found.facts["table"] == [
        {"count": 4, "status": "502", "path": "/api/jobs/*"},
        {"count": 1, "status": "500", "path": "/x"},
    ]
    assert (found.facts["requests"], found.facts["errors"], found.facts["other_lines"]) == (100, 5, 1)
    assert ask("logs.http_errors", files=[str(log)], above="5%").answer is Answer.NOT_OK
    assert ask("logs.http_errors", files=[str(log)], at_most="5%").answer is Answer.OK
    assert ask("logs.http_errors", files=[str(log)], above="1%", at_least=101).answer is Answer.NOT_OK
    assert ask("logs.http_errors", files=[str(log)], statuses="4xx", above="0%").answer is Answer.NOT_OK


@pytest.mark.shells
def test_a_busy_site_is_not_ill_by_being_busy(ask: Ask, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("".join(_access(500 if n % 1000 == 0 else 200, "/") for n in range(20_000)))
    found = ask("logs.http_errors", files=[str(log)], above="2%", lines=50_000)
    assert (found.answer, found.facts["errors"]) == (Answer.NOT_OK, 20)


@pytest.mark.shells
def test_a_file_that_is_no_access_log_cannot_be_told(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("all is well\n")
    reply = ask.reply("logs.http_errors", files=[f"{tmp_path}/a.log"])
    assert not reply.answered
    assert "access log" in reply.error


# ---------------------------------------------------------------- containers and journals


@pytest.fixture
def asked_there(docker_host: DockerHost, catalogue: Catalogue, host: Host) -> Iterator[Ask]:
    yield Ask(far_end_in(docker_host), catalogue, host)
    docker_host.docker("rm --force logs-shout-1 logs-shout-2")


LABELS = " ".join(f"--label com.docker.compose.{what}" for what in ("project=logs", "service=shout", "oneoff=False"))


def test_all_containers_of_a_service_are_read_what_they_say_on_either_stream(
    asked_there: Ask, docker_host: DockerHost
) -> None:
    for number, says in (
        (1, "echo an ERROR; echo out of memory >&2"),
        (2, f"echo '{_access(503, '/health').strip()}'"),
    ):
        run = f"run --detach --name logs-shout-{number} {LABELS} --entrypoint sh lab-service:1 -c"
        docker_host.sh(f'docker {run} "$(cat)"', stdin=says.encode())
    docker_host.docker("wait logs-shout-1 logs-shout-2")
    found = asked_there("logs.scan", project="logs", service="shout", patterns=["error", "memory"], above=1)
    assert (found.answer, found.facts["by"]) == (Answer.OK, {"error": 1, "memory": 1})
    assert abs(int(str(found.facts["last"])) - time.time()) < 120
    found = asked_there("logs.http_errors", project="logs", service="shout", above="50%", at_least=1)
    assert found.facts["table"] == [{"count": 1, "status": "503", "path": "/health"}]
    reply = asked_there.reply("logs.scan", project="logs", service="none")
    assert "there is no container of none of logs" in reply.error


def test_the_journal_of_a_unit_is_read(lab_host: LabHost, catalogue: Catalogue, host: Host) -> None:
    ask = Ask(far_end_in(lab_host), catalogue, host)
    says = "echo an ERROR; echo fatal >&2; exec sleep 600"
    lab_host.sh('systemd-run --unit shouts --description shouts sh -c "$(cat)"; journalctl --sync', stdin=says.encode())
    lab_host.sh("until journalctl -u shouts | grep -q fatal; do sleep 0.2; done", timeout_s=30)
    found = ask("logs.scan", unit="shouts", above=1)
    lab_host.sh("systemctl stop shouts")
    assert (found.answer, found.facts["by"]) == (Answer.OK, {"error": 1, "fatal": 1, "panic": 0, "exception": 0})
    assert abs(int(str(found.facts["last"])) - time.time()) < 120
    assert "there is no unit none-such.service" in ask.reply("logs.scan", unit="none-such").error
