"""The site is what it says: real parts that hang together, and nothing is left of it."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.lab import Engine, StackHost, start_stack_host
from tests.lab.stack_host import SERVICES


def until(holds: object, *, timeout_s: float = 30) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline_s
        time.sleep(0.3)


pytestmark = pytest.mark.long  # in the normal run the drills start the site, and need all of it


def test_every_service_is_up_and_the_site_is_served_with_the_certificate_of_the_acme_server(
    sira_host: StackHost,
) -> None:
    listed = sira_host.compose("ps --format '{{.Service}} {{.Status}}'").splitlines()
    assert {s: sum(line.startswith(f"{s} Up") for line in listed) for s in SERVICES} == SERVICES
    assert sira_host.http("https://sira.test/") == 200
    assert sira_host.http("https://api.sira.test/health/system") == 200
    lineage = sira_host.sh("openssl x509 -noout -serial -in /etc/letsencrypt/live/sira.test/cert.pem").strip()
    assert lineage == f"serial={sira_host.serial()}"


def test_health_is_that_of_the_database(sira_host: StackHost) -> None:
    before = int(sira_host.psql("SELECT count(*) FROM visits"))
    assert sira_host.http("https://sira.test/items") == 200
    assert int(sira_host.psql("SELECT count(*) FROM visits")) == before + 1
    sira_host.docker("stop sira-db-1")
    assert sira_host.http("https://sira.test/health") in (0, 503, 504)  # who is gone is also looked for by name
    sira_host.up()
    assert sira_host.http("https://sira.test/health") == 200


def test_a_job_in_the_queue_becomes_a_row(sira_host: StackHost) -> None:
    before = int(sira_host.psql("SELECT count(*) FROM jobs_done"))
    sira_host.redis("lpush jobs one two three four five")  # a worker whose connection was cut loses the one in its hand
    until(lambda: int(sira_host.psql("SELECT count(*) FROM jobs_done")) >= before + 3)


def test_its_nightly_backup_is_one_with_a_manifest(sira_host: StackHost) -> None:
    assert "15 2 * * * root sira-backup" in sira_host.sh("cat /etc/cron.d/sira; systemctl is-active cron")
    sira_host.sh("rm -f /backups/*; sira-backup")
    assert "rows " in sira_host.sh("cat /backups/sira_*.manifest")


def test_it_breaks_as_it_is_told_and_heals(sira_host: StackHost) -> None:
    sira_host.fault("fail", "100")
    assert sira_host.http("https://sira.test/items") == 500
    sira_host.fault("vendor-down")
    assert sira_host.http("https://sira.test/recommendations") == 502
    sira_host.up()
    assert sira_host.http("https://sira.test/items") == 200
    assert sira_host.http("https://sira.test/recommendations") == 200


def test_the_second_site_has_other_names(sira_host: StackHost) -> None:
    sira_host.start_circuit()
    assert sira_host.http("http://127.0.0.1:9000/api/health") == 200
    assert (
        sira_host.psql("SELECT count(*) FROM customers", database="circuit_sage_db", service="circuit-postgres-1")
        == "500"
    )
    sira_host.compose("down --volumes", site="circuit")


def test_it_begins_within_three_minutes_and_leaves_nothing(lab_engine: Engine, tmp_path: Path) -> None:
    began_s = time.monotonic()
    host = start_stack_host(lab_engine, tmp_path)
    took_s = time.monotonic() - began_s
    print(f"the site began in {took_s:.0f} s")
    assert took_s < 180
    own = lab_engine.docker("inspect", "--format", "{{range .Mounts}}{{println .Name}}{{end}}", host.container).split()
    assert own
    host.stop()
    assert set(own).isdisjoint(lab_engine.docker("volume", "ls", "--quiet").split())
    left = subprocess.run(["pgrep", "-af", "site-begin|pebble"], capture_output=True, text=True, check=False).stdout
    assert host.container not in left
    assert host.container not in lab_engine.docker("ps", "--all", "--quiet", "--no-trunc")
