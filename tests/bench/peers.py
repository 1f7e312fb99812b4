"""The peers: what each is given to read, and the command of each kind of run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench import work
from tests.bench.counts import remedy_program
from tests.bench.hosts import Hosts
from tests.bench.measure import Peer

HERE = Path(__file__).parent
AT_ONCE = 50
PERSIST_S = 10  # of Ansible's connections after its end; longer than its own pauses between two steps
SSH_CONFIG = """
Host *
  User root
  Port {port}
  IdentityFile {identity}
  IdentitiesOnly yes
  UserKnownHostsFile {known_hosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  PasswordAuthentication no
  GSSAPIAuthentication no
  KexAlgorithms curve25519-sha256
  LogLevel ERROR
"""


def openssh(hosts: Hosts, count: int) -> Peer:
    """One look script, one apply script, by `ssh` under xargs, forced to curve25519."""
    place = hosts.scratch / f"openssh{count}"
    place.mkdir()
    config = SSH_CONFIG.format(port=hosts.hosts[0].port, identity=hosts.identity, known_hosts=hosts.known_hosts)
    (place / "ssh_config").write_text(config)
    (place / "look.sh").write_text(work.look_script(work.TEN))
    (place / "apply.sh").write_text(work.apply_script(work.TEN))
    names = place / "hosts"
    names.write_text("".join(f"{h.address}\n" for h in hosts.hosts[:count]))
    call = ["sh", str(HERE / "openssh.sh"), str(place), str(names)]
    return Peer(name="OpenSSH", commands={"converged": [*call, "look"], "changing": [*call, "apply"]})


def pyinfra(venv: Path, hosts: Hosts, count: int) -> Peer:
    """pyinfra with facts as its documentation advises, 50 hosts at once."""
    values = {
        "ssh_user": "root",
        "ssh_port": hosts.hosts[0].port,
        "ssh_key": str(hosts.identity),
        "ssh_known_hosts_file": str(hosts.known_hosts),
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }
    inventory = hosts.scratch / f"pyinfra{count}.py"
    inventory.write_text(f"hosts = ({[h.address for h in hosts.hosts[:count]]!r}, {values!r})\n")
    call = [str(venv / "bin/pyinfra"), "-y", "--parallel", str(AT_ONCE)]
    rest = [str(inventory), str(HERE / "pyinfra_deploy.py")]
    return Peer(
        name="pyinfra",
        commands={"converged": [*call, *rest], "changing": [*call, *rest], "plan": [*call, "--dry", *rest]},
        environment={"BENCH_WORK": str(HERE / "work.py")},
    )


def ansible(venv: Path, hosts: Hosts, count: int) -> Peer:
    """Ansible with pipelining and persistent connections, 50 forks."""
    place = hosts.scratch / f"ansible{count}"
    place.mkdir()
    (place / "ten.yml").write_text(json.dumps(_play(work.TEN)))  # JSON is YAML
    lines = [f"{h.address}" for h in hosts.hosts[:count]]
    settings = {
        "ansible_user": "root",
        "ansible_port": hosts.hosts[0].port,
        "ansible_ssh_private_key_file": hosts.identity,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    lines += ["[all:vars]", *(f"{name}={value}" for name, value in settings.items())]
    (place / "hosts.ini").write_text("\n".join(lines) + "\n")
    (place / "ansible.cfg").write_text("")
    ssh = f"-o ControlMaster=auto -o ControlPersist={PERSIST_S}s"
    ssh += f" -o UserKnownHostsFile={hosts.known_hosts} -o IdentitiesOnly=yes"
    call = [str(venv / "bin/ansible-playbook"), "-i", str(place / "hosts.ini"), str(place / "ten.yml")]
    return Peer(
        name="Ansible",
        commands={"converged": call, "changing": call},
        lingers_s=PERSIST_S + 1,
        environment={
            "ANSIBLE_CONFIG": str(place / "ansible.cfg"),
            "ANSIBLE_HOME": str(place / "home"),
            "ANSIBLE_FORKS": str(AT_ONCE),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_SSH_ARGS": ssh,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(hosts.scratch / "cp"),
        },
    )


def _play(steps: Sequence[work.Step]) -> list[dict[str, Any]]:
    written = [part for number, step in enumerate(steps, 1) for part in _written(f"step{number}", step)]
    return [{"hosts": "all", "gather_facts": False, "tasks": written}]


def _written(name: str, step: work.Step) -> list[dict[str, Any]]:
    match step:
        case work.File(path, content, mode):
            return [{"name": name, "copy": {"content": content, "dest": path, "mode": f"0{mode:o}"}}]
        case work.Dir(path, mode):
            return [{"name": name, "file": {"path": path, "state": "directory", "mode": f"0{mode:o}"}}]
        case work.Gone(path):
            return [{"name": name, "file": {"path": path, "state": "absent"}}]
        case work.Pruned(path):
            old = {"paths": path, "patterns": "*.log", "age": f"{work.AGE_DAYS}d", "recurse": True}
            gone = {"path": "{{ item.path }}", "state": "absent"}
            return [
                {"name": f"{name} find", "find": old, "register": name},
                {"name": name, "file": gone, "loop": f"{{{{ {name}.files }}}}"},
            ]
        case work.Ran(unless=unless, command=command):
            quiet = {"failed_when": False, "changed_when": False, "check_mode": False}
            return [
                {"name": f"{name} asked", "command": {"argv": list(unless)}, "register": name, **quiet},
                {"name": name, "command": {"argv": list(command)}, "when": f"{name}.rc != 0"},
            ]


def remedy(hosts: Hosts, count: int, home: Path) -> Peer:
    """remedy's own command, from the environment that runs this."""
    named = ["--host", "h0"] if count == 1 else ["--group", f"first{count}"]
    apply = [remedy_program(), "-C", str(home), "apply", "ten", *named, "--yes"]
    plan = [remedy_program(), "-C", str(home), "plan", "ten", *named]
    return Peer(name="remedy", commands={"converged": apply, "changing": apply, "plan": plan})


def make_home(hosts: Hosts, groups: Sequence[int], playbooks: Mapping[str, str]) -> Path:
    """A home with all hosts, and a group `firstN` for each number."""
    home = hosts.scratch / "home"
    (home / "inventory").mkdir(parents=True)
    (home / "playbooks").mkdir()
    home.chmod(0o700)
    entries = {f"h{n}": host.entry() for n, host in enumerate(hosts.hosts)}
    named = {f"first{n}": {"hosts": list(entries)[:n]} for n in groups}
    (home / "inventory/hosts.yml").write_text(json.dumps({"hosts": entries, "groups": named}))
    for name, playbook in playbooks.items():
        (home / f"playbooks/{name}.yml").write_text(playbook)
    return home
