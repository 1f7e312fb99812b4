"""Ten hosts that all print without measure, at once: every byte counted and hashed, hardly any kept."""

from __future__ import annotations

import pytest

from remedy.engine.fleet import on_all
from remedy.errors import RemedyError
from remedy.ports import ChangeReply
from tests.hosts.far import call, change
from tests.hosts.over_ssh import Reach, host_of
from tests.hosts.test_output import MEBI, sha256_of
from tests.lab.sshd import SshdHost, SshdLab
from tests.memory import forget_peak, peak_bytes

HOSTS = 10
MOST_BYTES = 300 * MEBI


@pytest.mark.parametrize(
    "size", [24 * MEBI, pytest.param(1_000_000_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
def test_fault_050_ten_hosts_at_once_print_any_amount_into_little_memory(
    sshd_lab: SshdLab, reach: Reach, size: int
) -> None:
    hosts = sshd_lab.start_many(HOSTS)
    before = forget_peak()

    def printed(host: SshdHost) -> ChangeReply:
        session = reach.connect(host_of(host))
        lease, _ = session.lease("r1", "tester", [])
        return session.change(change(lease, call("t_large", str(size), timeout_s=600)))

    replies = on_all(hosts, printed, lambda host: host.name)

    expected = sha256_of(b"x" * 65_536, size)
    for name, reply in replies.items():
        assert not isinstance(reply, RemedyError), (name, reply)
        assert (reply.state, reply.output.size_bytes, reply.output.sha256) == ("done", size, expected)
        assert len(reply.output.text) < MEBI
    print(f"{HOSTS} hosts, {size // MEBI} MiB each: {(peak_bytes() - before) / MEBI:.0f} MiB more memory")
    assert peak_bytes() - before < MOST_BYTES
