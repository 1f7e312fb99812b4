"""An Ansible inventory as it is, real hosts behind a jump host, and a playbook on them."""

from pathlib import Path

from tests.e2e.home import Home
from tests.lab.sshd import SshdHost, SshdLab

INI = """\
[inner]
app ansible_host={inner.address} ansible_port={inner.port} mount=/

[inner:vars]
ansible_ssh_common_args='-o ProxyJump={bastion.user}@{bastion.address}:{bastion.port} -o StrictHostKeyChecking=no'

[all:vars]
ansible_user={inner.user}
ansible_ssh_private_key_file={inner.identity}
remedy_environment=test
"""


def fingerprint(home: Home, host: str) -> str:
    """What the refusal shows for a person to compare."""
    refused = home.remedy("trust", host, "--json")
    assert refused.code == 3, refused
    found: str = refused.document["error"]["fix"].rpartition("--fingerprint ")[2]
    return found


def test_hosts_of_ansibles_are_trusted_and_checked_through_their_jump_host(home: Home, sshd_lab: SshdLab) -> None:
    bastion, inner = sshd_lab.start_many(2)
    hosts = home.path / "inventory/production"
    hosts.write_text(INI.format(inner=inner, bastion=bastion))
    before = hosts.read_text()

    early = home.remedy("trust", "app", "--json")
    assert early.document["error"]["fix"] == f"remedy trust {bastion.address}", early
    for name in (bastion.address, "app"):
        done = home.remedy("trust", name, "--fingerprint", fingerprint(home, name), "--json")
        assert done.document["pinned_in"] == str(home.path / "inventory/trusted.yml"), done

    logins = _logins(bastion)
    checked = home.remedy("check", "disk-full", "--group", "inner", "--json")
    assert checked.code in (0, 1), checked
    assert _logins(bastion) == logins + 1
    assert hosts.read_text() == before
    listed = {h["name"]: h for h in home.remedy("list", "hosts", "--json").document}
    assert (listed["app"]["via"], listed["app"]["environment"]) == (bastion.address, "test")
    told = home.remedy("explain", "app", "mount", "--json").document
    assert (told["value"], Path(told["at"]).name) == ("/", "production:2:50") or told["at"].count(":") == 2


def _logins(host: SshdHost) -> int:
    return host.logins()
