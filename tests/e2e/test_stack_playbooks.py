"""The playbooks of a Compose stack on a whole one: broken by hand, planned, applied; then nothing is left to do.

What their drills break is in test_drills.py, in the normal run; here it is broken otherwise than by remedy itself.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.home import Done, Home
from tests.lab import CIRCUIT, SIRA, StackHost

Fault = Callable[[StackHost], object]
PARAMS = {"queue_most": 50, "memory_most": "80%"}


def stopped(service: str) -> Fault:
    return lambda host: host.docker(f"stop --time 1 {service}")


def queued(host: StackHost) -> None:
    """More than the workers there are can do while remedy looks: what heals itself meanwhile needs no others."""
    jobs = "for i in $(seq 1 3000); do echo LPUSH jobs x; done | redis-cli >/dev/null"
    host.docker(f"exec sira-redis-1 sh -c '{jobs}'")


def leaked(host: StackHost, *, site: str = "sira", port: int = 8000) -> None:
    """Some nine tenths of the 256 MiB that the backend may have."""
    host.fault("leak", "12", site=site)
    host.sh(f"for i in $(seq 1 17); do curl -s -m 20 -o /dev/null http://127.0.0.1:{port}/items; done")
    host.sh(f"rm /srv/{site}/faults/leak")


FAULTS = {
    "certificate-expiring": StackHost.serve_short_lived,
    "application-down": stopped("sira-backend-1 sira-nginx-1"),
    "database-down": stopped("sira-db-1"),
    "high-latency": queued,
    "memory-exhausted": leaked,
}


class Stack:
    """A stack host, and a home that knows it."""

    def __init__(self, home: Home, host: StackHost) -> None:
        self.home, self.host = home, host
        self.name_it({**SIRA, **PARAMS})

    def name_it(self, variables: dict[str, object]) -> None:
        self.home.write_inventory({"hosts": {"sira": self.host.stack_entry(variables)}})

    def apply(self, playbook: str, *more: str) -> Done:
        return self.home.remedy("apply", playbook, "--host", "sira", "--yes", "--json", *more)

    def is_healed(self, playbook: str) -> None:
        """Apply twice: resolved, then nothing to do."""
        first = self.apply(playbook)
        assert (first.code, first.document["verdict"]) == (0, "resolved"), first
        assert first.document["hosts"]["sira"]["outcome"] == "changed", first
        second = self.apply(playbook)
        assert (second.code, second.document["hosts"]["sira"]["outcome"]) == (0, "unchanged"), second


@pytest.fixture
def stack(home: Home, sira_host: StackHost) -> Iterator[Stack]:
    yield Stack(home, sira_host)
    sira_host.up()


@pytest.mark.long
@pytest.mark.parametrize("playbook", FAULTS)
def test_a_stack_that_is_broken_is_healed_and_then_left_alone(stack: Stack, playbook: str) -> None:
    FAULTS[playbook](stack.host)

    stack.is_healed(playbook)


@pytest.mark.long
def test_the_same_playbooks_heal_a_stack_of_other_names(stack: Stack) -> None:
    stack.host.start_circuit()
    stack.name_it({**CIRCUIT, **PARAMS, "db_user": "postgres"})

    stack.host.docker("stop --time 1 circuit-postgres-1")
    stack.is_healed("database-down")

    stack.host.docker("stop --time 1 circuit-backend-1")
    stack.is_healed("application-down")

    leaked(stack.host, site="circuit", port=9000)
    stack.is_healed("memory-exhausted")
