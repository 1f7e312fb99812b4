"""`remedy apply service-down` on a host where a systemd service no longer answers."""

import pytest

from tests.e2e.home import Home
from tests.lab import LabHost

PARAMS = {"unit": "app.service", "url": "http://127.0.0.1:8080/health"}


@pytest.fixture
def host(home: Home, fresh_lab_host: LabHost) -> LabHost:
    home.write_inventory({"hosts": {"prod1": fresh_lab_host.entry(vars=PARAMS)}})
    return fresh_lab_host


def invocation(host: LabHost) -> str:
    """Which run of the unit this is."""
    return host.sh("systemctl show -p InvocationID --value app")


@pytest.mark.parametrize(
    "fault",
    [
        "systemctl stop app",
        *(pytest.param(f, marks=pytest.mark.long) for f in ("rm /run/app/www/health", "systemctl kill -s STOP app")),
    ],
)
def test_a_service_that_does_not_answer_is_restarted_once(home: Home, host: LabHost, fault: str) -> None:
    host.sh(fault)
    before = invocation(host)

    first = home.remedy("apply", "service-down", "--host", "prod1", "--yes", "--json")

    assert (first.code, first.document["verdict"]) == (0, "resolved"), first
    after = invocation(host)
    assert after.strip() and after != before

    second = home.remedy("apply", "service-down", "--host", "prod1", "--yes", "--json")

    assert (second.code, second.document["hosts"]["prod1"]["outcome"]) == (0, "unchanged"), second
    assert invocation(host) == after


# fault 92
def test_a_restart_that_does_not_help_is_ineffective_and_says_so(home: Home, host: LabHost) -> None:
    host.sh("touch /etc/app/broken; systemctl restart app || true")

    applied = home.remedy("apply", "service-down", "--host", "prod1", "-p", "start_within=5s", "--yes", "--json")

    assert applied.code == 1, applied
    assert applied.document["verdict"] == "ineffective"


def test_a_healthy_service_is_left_alone(home: Home, host: LabHost) -> None:
    before = invocation(host)

    applied = home.remedy("apply", "service-down", "--host", "prod1", "--yes", "--json")

    assert applied.code == 0, applied
    assert invocation(host) == before


@pytest.mark.long
@pytest.mark.parametrize("via", [None, "here"])
def test_a_service_in_a_container_with_systemd_is_restarted_without_its_sshd(
    home: Home, lab_host: LabHost, via: str | None
) -> None:
    engine = {"engine": lab_host.engine.url, "identity": None, "host_key": None, "become": True}
    entry = lab_host.entry(address=f"docker://{lab_host.container}", via=via, vars=PARAMS, **engine)
    home.write_inventory({"hosts": {"box": entry, "here": {"address": "local://"}}})
    lab_host.sh("systemctl stop app")
    before = invocation(lab_host)

    applied = home.remedy("apply", "service-down", "--host", "box", "--yes", "--json")

    assert (applied.code, applied.document["verdict"]) == (0, "resolved"), applied
    assert invocation(lab_host) not in ("", before)
