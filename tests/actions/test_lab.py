"""Actions on a real host: systemd's own units, a logger that never stops, a disk that is really full."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import LabHost

DISK, LOG = "/srv/data", "/srv/data/log/app.log"
DAY_S = 86_400


@pytest.fixture
def there(lab_host: LabHost) -> Iterator[FarEnd]:
    """The far end inside the test host, with the directory that a session makes; afterwards the host is as new."""
    lab_host.sh("mkdir -pm 700 /run/remedy")
    yield far_end_in(lab_host)
    lab_host.sh(
        "rm -rf /run/remedy /etc/app/broken /etc/systemd/system/*.service.d /srv/data/ballast.bin;"
        " rm -rf /srv/data/log/* /srv/data/log/.r*;"
        " systemctl daemon-reload; systemctl reset-failed; systemctl restart app logger-app"
    )


@pytest.fixture
def using(there: FarEnd, catalogue: Catalogue, host: Host) -> Callable[..., Acting]:
    def make(name: str, **params: Json) -> Acting:
        return Acting(there, catalogue.action(name, params), host)

    return make


Using = Callable[..., Acting]

# ---------------------------------------------------------------- service.restart


def test_an_active_unit_is_left_alone(using: Using) -> None:
    assert using("service.restart", unit="app").plan() is None


@pytest.mark.parametrize("trouble", ["systemctl kill -s KILL app", "systemctl stop app"], ids=["failed", "stopped"])
def test_a_unit_that_is_down_is_started_and_then_left_alone(using: Using, lab_host: LabHost, trouble: str) -> None:
    lab_host.sh(f"{trouble}; while systemctl -q is-active app; do sleep 0.1; done")
    session = using("service.restart", unit="app")
    session.apply()
    assert lab_host.sh("systemctl is-active app") == "active\n"
    assert session.plan() is None


def test_a_unit_that_is_active_and_does_not_answer_is_another_run_afterwards(
    using: Using, lab_host: LabHost, there: FarEnd, catalogue: Catalogue, host: Host
) -> None:
    lab_host.sh("rm /run/app/www/health")
    health = catalogue.check("http.ok", {"url": "http://127.0.0.1:8080/health"})
    assert health.judge(there.look(health.look(host))).answer is Answer.NOT_OK
    before = lab_host.sh("systemctl show -p InvocationID --value app")
    using("service.restart", unit="app", even_if_active=True).apply()
    assert lab_host.sh("systemctl show -p InvocationID --value app") != before
    lab_host.sh("until [ -e /run/app/www/health ]; do sleep 0.1; done", timeout_s=10)
    assert health.judge(there.look(health.look(host))).answer is Answer.OK


def test_cut_off_after_the_restart_nothing_is_left_to_do(using: Using, lab_host: LabHost) -> None:
    lab_host.sh("systemctl stop app")
    session = using("service.restart", unit="app")
    session.apply(operations=1)
    assert session.plan() is None


def test_fault_091_the_fourth_restart_within_an_hour_is_refused(using: Using, lab_host: LabHost) -> None:
    session = using("service.restart", unit="app")
    for _ in range(3):
        lab_host.sh("systemctl stop app")
        session.apply()
    lab_host.sh("systemctl stop app")
    with pytest.raises(Refused, match="3 times within the hour"):
        session.plan()
    lab_host.sh("echo '12 app.service' >/run/remedy/restarts")
    session.apply()


def test_fault_092_a_unit_that_does_not_start_fails_the_restart(using: Using, lab_host: LabHost) -> None:
    lab_host.sh("systemctl stop app; mkdir -p /etc/systemd/system/app.service.d")
    lab_host.sh("printf '[Service]\\nExecStartPre=/bin/false\\n' >/etc/systemd/system/app.service.d/x.conf")
    lab_host.sh("systemctl daemon-reload")
    session = using("service.restart", unit="app")
    change = session.plan()
    assert change is not None
    done = session.end.act(change.operations[0])
    assert done.returncode != 0
    assert b"could not restart app.service" in done.stderr
    change = session.plan()
    assert change is not None
    assert change.title == "restart app.service, which is failed"


def test_a_unit_that_is_not_there_is_refused(using: Using) -> None:
    with pytest.raises(Refused, match=r"none-such\.service is not-found"):
        using("service.restart", unit="none-such").plan()


class Systemd:
    """The scene of service.restart: app.service is down, or up. Every run of it is as good as another."""

    def __init__(self, lab_host: LabHost) -> None:
        self.lab_host = lab_host

    def scene(self) -> Scene:
        return Scene(
            "service.restart",
            "service.restart",
            lambda _: {"unit": "app", "at_most": 60},
            lambda _: self._do("stop"),
            lambda _: self._do("start"),
            lambda _: self.lab_host.sh("systemctl is-active app || :"),
        )

    def _do(self, verb: str) -> None:
        self.lab_host.sh(f"systemctl reset-failed app; systemctl {verb} app")  # started more often than is usual


LAB_PROOFS = [p for p in kit.PROOFS if p is not kit.killed_inside_an_operation_it_converges]


@pytest.mark.parametrize("proof", LAB_PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_systemd(
    proof: Callable[[Played], None], there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host, tmp_path: Path
) -> None:
    proof(play(Systemd(lab_host).scene(), Ground(tmp_path, tmp_path), there, catalogue, host))


# ---------------------------------------------------------------- logs.rotate


def _lines(lab_host: LabHost, generations: int) -> list[int]:
    """The numbers of all lines, oldest first, after the logger was stopped between two of them."""
    lab_host.sh("systemctl stop logger-app")
    names = [f"{LOG}.{n}*" for n in range(generations, 0, -1)]
    text = lab_host.sh(f"zcat -f {' '.join(names)} {LOG}")
    return [int(line.removeprefix("line ")) for line in text.splitlines()]


def test_fault_078_a_service_goes_on_logging_and_no_line_is_lost(using: Using, lab_host: LabHost) -> None:
    lab_host.sh(f"systemctl stop logger-app; rm -f {LOG}*; systemctl start logger-app")
    session = using("logs.rotate", paths=[f"{DISK}/log/*.log"], larger_than="100B", reopen=["logger-app"])
    for _ in range(3):
        lab_host.sh(f"until [ $(stat -c %s {LOG}) -gt 800 ]; do sleep 0.1; done")
        session.apply()
    numbers = _lines(lab_host, 3)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 75


def test_fault_078_a_unit_that_is_not_named_is_refused(using: Using, lab_host: LabHost) -> None:
    lab_host.sh(f"until [ $(stat -c %s {LOG}) -gt 100 ]; do sleep 0.1; done")
    with pytest.raises(Refused, match="cannot be told"):
        using("logs.rotate", paths=[f"{DISK}/log/*.log"], larger_than="10B", reopen=["app"]).plan()


# ---------------------------------------------------------------- a full disk


def test_on_a_full_disk_old_files_go_and_come_back(using: Using, lab_host: LabHost) -> None:
    for number in range(5):
        lab_host.write_old_file(f"{DISK}/log/old.log.{number}", size_bytes=2 << 20, age_s=10 * DAY_S)
    lab_host.fill(100)
    session = using("files.prune", root=f"{DISK}/log", match="*.log.*", older_than="7d", quarantine="/var/quarantine")
    before = int(lab_host.sh(f"stat -f -c %f {DISK}"))
    change = session.apply()
    assert change.effect.measures["bytes_freed"] == 10 << 20
    freed = (int(lab_host.sh(f"stat -f -c %f {DISK}")) - before) * 4096
    assert freed == pytest.approx(10 << 20, rel=0.05)
    assert isinstance(change.undo, UndoBy)
    assert session.end.act(change.undo.operations[0]).returncode == 0
    assert lab_host.sh(f"ls {DISK}/log/old.log.* | wc -l; ls -A /var/quarantine").split() == ["5"]


def test_on_a_full_disk_a_log_is_rotated_as_it_is_and_no_line_is_lost(using: Using, lab_host: LabHost) -> None:
    lab_host.sh(f"systemctl stop logger-app; rm -f {LOG}*; systemctl start logger-app")
    lab_host.sh(f"until [ $(stat -c %s {LOG}) -gt 4000 ]; do sleep 0.1; done")
    lab_host.fill(100)
    using("logs.rotate", paths=[f"{DISK}/log/*.log"], larger_than="100B", reopen=["logger-app"]).apply()
    numbers = _lines(lab_host, 1)
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_files_content_is_the_same_after_it_came_back(using: Using, lab_host: LabHost) -> None:
    content = gzip.compress(b"what was written\n" * 1000)
    lab_host.sh(f"cat >{DISK}/log/a.log.1.gz; touch -d '10 days ago' {DISK}/log/a.log.1.gz", stdin=content)
    lab_host.sh(f"chown deploy:deploy {DISK}/log/a.log.1.gz; chmod 640 {DISK}/log/a.log.1.gz")
    before = lab_host.sh(f"cksum {DISK}/log/a.log.1.gz; stat -c '%U %G %a %Y' {DISK}/log/a.log.1.gz")
    session = using("files.prune", root=f"{DISK}/log", match="*.gz", older_than="7d", quarantine="/var/quarantine")
    change = session.apply()
    assert isinstance(change.undo, UndoBy)
    assert session.end.act(change.undo.operations[0]).returncode == 0
    assert lab_host.sh(f"cksum {DISK}/log/a.log.1.gz; stat -c '%U %G %a %Y' {DISK}/log/a.log.1.gz") == before
