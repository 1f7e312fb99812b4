"""`remedy init`: a home that works at once, from nothing, from Ansible's inventory or from ssh's configuration."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from remedy.cli.edge import run
from remedy.cli.world import World
from remedy.load.inventory import load_inventory
from tests.load.ansible.beside import write
from tests.outputs import hold

INI = """\
[web]
www[01:03].example.com ansible_user=deploy
win1 ansible_connection=winrm
[db]
db1 ansible_host=10.0.0.9 ansible_port=5022 size='{{ big }}' note="it's # \\"quoted\\": yes" ports='[1, 2]'
[prod:children]
web
db
[prod:vars]
log_dir=/var/log/app
remedy_environment=production
ansible_become=yes
ansible_ssh_common_args='-o ProxyJump=ops@bastion'
"""
FILES = {"hosts": INI, "group_vars/web.yml": "mount: /srv\nspare: yes\n", "host_vars/db1.yml": "mount: /db\n"}


@dataclass
class Place:
    """A directory in which commands are typed; $HOME is beside it."""

    path: Path

    def __call__(self, *argv: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        environ = {"NO_COLOR": "1", "HOME": str(self.path / "user")}
        code = run(argv, World(stdin=io.StringIO(), stdout=out, stderr=err, environ=environ, cwd=self.path))
        assert "Traceback" not in out.getvalue() + err.getvalue()
        return code, out.getvalue(), err.getvalue()

    def document(self, *argv: str) -> Any:
        code, out, err = self(*argv, "--json")
        assert code == 0, (out, err)
        hold((*argv, "--json"), out)
        return json.loads(out)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "user/.ssh").mkdir(parents=True)
    return Place(tmp_path)


def contents(directory: Path) -> dict[str, str]:
    return {str(p.relative_to(directory)): p.read_text() for p in directory.rglob("*") if p.is_file()}


def test_a_home_from_nothing_is_valid_and_has_a_host_to_try(place: Place) -> None:
    made = place.document("init", "ops")
    assert {f["path"]: f["state"] for f in made["files"]} == {
        "playbooks/tmp-full.yml": "made",
        "inventory/policy.yml": "made",
        "inventory/hosts.yml": "made",
        ".gitignore": "made",
    }
    assert (made["hosts"], made["remarks"]) == (["here"], [])
    assert place("-C", "ops", "validate")[1] == "3 files are valid\n"
    assert [h["address"] for h in place.document("-C", "ops", "list", "hosts")] == ["local://"]
    assert place("-C", "ops", "check", "tmp-full", "--host", "here")[0] == 0


def test_it_can_be_run_again_and_overwrites_nothing(place: Place) -> None:
    place("init", "ops")
    (place.path / "ops/inventory/hosts.yml").write_text("hosts: {mine: {address: 'local://'}}\n")
    (place.path / "ops/playbooks/tmp-full.yml").unlink()
    before = contents(place.path / "ops")
    again = place.document("init", "ops")
    assert {f["path"] for f in again["files"] if f["state"] == "made"} == {"playbooks/tmp-full.yml"}
    assert {n: t for n, t in contents(place.path / "ops").items() if n in before} == before
    assert again["hosts"] == ["mine"]


def test_the_home_is_named_or_here(place: Place) -> None:
    code, out, _ = place("init")
    assert code == 0
    assert "\n  remedy doctor\n" in out
    assert (place.path / "inventory/hosts.yml").exists()
    assert place("-C", "other", "init")[0] == 0
    assert (place.path / "other/inventory/hosts.yml").exists()


@pytest.mark.parametrize("link", [False, True])
def test_ansibles_hosts_are_the_same_converted_and_linked(place: Place, link: bool) -> None:
    ansible = write(place.path / "ansible", FILES)
    made = place.document("init", "ops", "--from-ansible", "ansible", *(["--link"] if link else []))
    assert place("-C", "ops", "validate")[0] == 0
    theirs, ours = load_inventory(ansible), load_inventory(place.path / "ops/inventory")
    assert made["hosts"] == list(ours.hosts) == list(theirs.hosts)
    for name, host in theirs.hosts.items():
        mine = ours.hosts[name]
        same = ("address", "identity", "become", "via", "environment", "quarantine", "known_hosts")
        assert [getattr(mine, f) for f in same] == [getattr(host, f) for f in same]
        wanted = {
            k: v.value for k, v in host.vars.items() if not v.unread and not k.startswith(("ansible_", "remedy_"))
        }
        found = {k: v.value for k, v in mine.vars.items() if not v.unread and not k.startswith(("ansible_", "remedy_"))}
        assert found == wanted
    for name in ("web", "db", "prod"):
        assert set(ours.groups[name]) - {"win1"} == set(theirs.groups[name]) - {"win1"}
    assert any("win1 is left out: it is reached by winrm" in r for r in made["remarks"])
    assert contents(ansible) == {**FILES}


def test_what_is_not_carried_over_stands_in_the_file_too(place: Place) -> None:
    write(place.path / "ansible", FILES)
    place("init", "ops", "--from-ansible", "ansible/hosts")
    text = (place.path / "ops/inventory/hosts.yml").read_text()
    assert "# size is not carried over: it is a template" in text
    assert "win1 is left out: it is reached by winrm" in text
    assert text.count("/var/log/app") == 1, "what a group shares stands at the group"
    assert "mount: /srv" in text


def test_a_linked_inventory_is_the_one_list(place: Place) -> None:
    ansible = write(place.path / "ansible", {"production": INI, "group_vars/web.yml": "mount: /srv\n"})
    assert place("init", "ops", "--from-ansible", "ansible/production", "--link")[0] == 0
    (ansible / "production").write_text(INI + "[new]\nnew1\n")
    assert "new1" in [h["name"] for h in place.document("-C", "ops", "list", "hosts")]
    assert place("init", "ops", "--from-ansible", "ansible/production", "--link")[0] == 0


def test_an_inventory_that_is_there_is_not_overwritten_by_another(place: Place) -> None:
    write(place.path / "ansible", FILES)
    place("init", "ops")
    before = contents(place.path / "ops")
    code, _, err = place("init", "ops", "--from-ansible", "ansible")
    assert code == 3
    assert "hosts.yml is there already, and is not overwritten" in err
    assert contents(place.path / "ops") == before
    place("init", "new", "--from-ansible", "ansible")
    assert place("init", "new", "--from-ansible", "ansible")[0] == 0


def test_a_broken_inventory_makes_no_home(place: Place) -> None:
    write(place.path / "ansible", {"hosts": "a ansible_host=-oX\n[b:children]\nc\n"})
    code, _, err = place("init", "ops", "--from-ansible", "ansible")
    assert code == 2
    assert "ansible/hosts:1:3" in err
    assert "ansible/hosts:3:1" in err
    assert not (place.path / "ops").exists()


CONFIG = """\
Host *
  User me
  ServerAliveInterval 5
Match exec "touch {ran}"
  User x
Host web1 web2 *.internal !bad
  HostName %h.example.com
  Port 2222
  IdentityFile {home}/.ssh/id
  ProxyJump bastion,ops@second:2022
Host db
  ProxyCommand touch {ran}
Host tunnelled
  ProxyCommand ssh -W %h:%p bastion
Host six
  HostName 2001:db8::7
  LocalCommand touch {ran}
  PermitLocalCommand yes
Host bad_name
Host bastion
  HostName 192.0.2.1
Include other
Match host db
  User dba
"""


def test_fault_015_an_ssh_configuration_becomes_hosts_and_nothing_of_it_is_run(place: Place) -> None:
    home, ran = place.path / "user", place.path / "ran"
    (home / ".ssh/config").write_text(CONFIG.format(ran=ran, home=home))
    made = place.document("init", "ops", "--from-ssh-config")
    hosts = load_inventory(place.path / "ops/inventory").hosts
    assert {n: (str(h.address), h.via) for n, h in hosts.items()} == {
        "web1": ("ssh://me@web1.example.com:2222", "second"),
        "web2": ("ssh://me@web2.example.com:2222", "second"),
        "db": ("ssh://me@db:22", ""),
        "tunnelled": ("ssh://me@tunnelled:22", "bastion"),
        "six": ("ssh://me@[2001:db8::7]:22", ""),
        "bastion": ("ssh://me@192.0.2.1:22", ""),
        "second": ("ssh://ops@second:2022", "bastion"),
    }
    assert hosts["web1"].identity.endswith("/.ssh/id")
    assert [r.partition(" ")[2] for r in made["remarks"][:5]] == [
        "a Match that runs a program is not followed",
        "LocalCommand is not followed",
        "Include is not followed",
        "bad_name is left out: wanted a host name (RFC 1123) or an IP address",
        "db has no 'via': a ProxyCommand runs a program, which remedy never does",
    ]
    assert made["remarks"][5].startswith("no host has an environment")
    assert not ran.exists()
    assert place("-C", "ops", "validate")[0] == 0


def test_keys_that_ssh_knows_are_pinned_when_asked_and_shown(place: Place) -> None:
    home = place.path / "user"
    (home / ".ssh/config").write_text("Host a\n  HostName 192.0.2.7\nHost b\n  HostName 192.0.2.8\n  Port 2222\n")
    key = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43
    (home / ".ssh/known_hosts").write_text(f"192.0.2.7 ssh-ed25519 {key}\n192.0.2.8 ssh-ed25519 {key}\n")
    assert place.document("init", "not", "--from-ssh-config")["pinned"] == []
    made = place.document("init", "ops", "--from-ssh-config", "--known-hosts")
    assert [(p["host"], p["fingerprint"][:7]) for p in made["pinned"]] == [("a", "SHA256:")]
    hosts = load_inventory(place.path / "ops/inventory").hosts
    assert (hosts["a"].host_key, hosts["b"].host_key) == ((f"ssh-ed25519 {key}",), ())
    assert made["next"][1] == f"remedy -C {place.path / 'ops'} trust b"


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("--from-ansible", "x", "--from-ssh-config"), "exclude each other"),
        (("--link",), "is for --from-ansible"),
        (("--known-hosts",), "pins keys in an inventory that is written"),
        (("--from-ansible", "nowhere"), "there is no"),
        (("--from-ansible", "user"), "has no inventory of Ansible's"),
        (("--from-ssh-config",), "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(place: Place, argv: tuple[str, ...], why: str) -> None:
    code, _, err = place("init", "ops", *argv)
    assert (code, why in err) == (2, True), err
    assert not (place.path / "ops").exists()


def test_a_home_that_others_can_write_to_is_refused(place: Place) -> None:
    shared = place.path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    code, _, err = place("init", "shared")
    assert (code, "can be written by others" in err) == (2, True)
    shutil.rmtree(shared)
