"""Ansible's files as an inventory of remedy's: hosts with addresses, precedence with places, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.errors import Invalid, Refused
from remedy.load.inventory import explain, load_inventory, select
from remedy.load.merging import Layered
from remedy.load.resolve import choose
from remedy.model import Address
from tests.load.ansible.beside import write
from tests.load.toy import playbook, with_steps

FLEET = """\
# the fleet
[web]
www[01:03].example.com ansible_user=deploy
blue ansible_host=10.0.0.5 ansible_port=2222 ansible_ssh_private_key_file=~/.ssh/blue

[db]
db1:5022

[prod:children]
web
db

[prod:vars]
ansible_become=yes
remedy_environment=production
remedy_quarantine=/var/quarantine
log_dir=/var/log/app

[web:vars]
log_dir=/var/log/web
"""


def loaded(tmp_path: Path, files: dict[str, str]) -> Layered:
    return load_inventory(write(tmp_path / "inventory", files))


def problems(tmp_path: Path, files: dict[str, str]) -> list[str]:
    """What is wrong, without the directory."""
    with pytest.raises(Invalid) as wrong:
        loaded(tmp_path, files)
    where = str(tmp_path / "inventory") + "/"
    return [f"{p.at} {p.message} | {p.rule} | {p.fix}".replace(where, "") for p in wrong.value.problems]


def test_an_ini_inventory_is_hosts_groups_and_values(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"hosts": FLEET})
    assert list(found.hosts) == ["www01.example.com", "www02.example.com", "www03.example.com", "blue", "db1"]
    assert found.groups["prod"] == ("www01.example.com", "www02.example.com", "www03.example.com", "blue", "db1")
    assert found.groups["all"] == found.groups["prod"]
    blue = found.hosts["blue"]
    assert blue.address == Address(scheme="ssh", name="10.0.0.5", port=2222)
    assert (blue.identity, blue.become, blue.environment, blue.quarantine, blue.groups) == (
        *("~/.ssh/blue", True, "production", "/var/quarantine"),
        ("prod", "web"),
    )
    assert str(found.hosts["www02.example.com"].address) == "ssh://deploy@www02.example.com:22"
    assert found.hosts["db1"].address.port == 5022
    assert blue.at.endswith("hosts:4:1")


def test_explain_names_file_line_and_column_of_ansibles_files_too(tmp_path: Path) -> None:
    files = {
        "hosts.ini": FLEET,
        "group_vars/all.yml": "log_dir: /var/log\n",
        "group_vars/web/paths.yml": "---\n\nlog_dir: /srv/log\n",
        "host_vars/blue": "log_dir: /blue\n",
        "own.yml": "vars: {log_dir: /own}\n",
    }
    told = explain(loaded(tmp_path, files), "blue", "log_dir")
    where = str(tmp_path / "inventory") + "/"
    seen = [(v.value, v.layer, v.at.replace(where, "")) for v in (told.value, *told.lost)]
    assert seen == [
        ("/blue", "host blue", "host_vars/blue:1:1"),
        ("/srv/log", "group web", "group_vars/web/paths.yml:3:1"),
        ("/own", "all", "own.yml:1:17"),
        ("/var/log", "all", "group_vars/all.yml:1:1"),
        ("/var/log/web", "group web", "hosts.ini:20:1"),
        ("/var/log/app", "group prod", "hosts.ini:17:1"),
    ]


def test_remedys_own_entry_adds_to_a_host_of_ansibles_and_wins(tmp_path: Path) -> None:
    own = "hosts:\n  blue: {environment: staging, via: db1, vars: {log_dir: /mine}}\n"
    own += "groups: {mine: {hosts: [blue, db1]}}\n"
    found = loaded(tmp_path, {"hosts": FLEET, "own.yml": own})
    blue = found.hosts["blue"]
    assert (blue.environment, blue.via, blue.vars["log_dir"].value) == ("staging", "db1", "/mine")
    assert (str(blue.address), blue.quarantine) == ("ssh://10.0.0.5:2222", "/var/quarantine")
    assert found.groups["mine"] == ("blue", "db1")
    assert blue.groups == ("mine", "prod", "web")


def test_an_entry_without_an_address_is_refused_where_ansible_has_no_such_host(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, {"hosts": FLEET, "own.yml": "hosts:\n  bleu: {environment: x}\n"})
    assert line.startswith("own.yml:2:3 'bleu' lacks 'address'")


DEEP = {
    "hosts.yml": """\
all:
  children:
    eu:
      children:
        web:
          hosts: {a: , b: }
          vars: {v: of web}
        db:
          hosts: {a: }
          vars: {v: of db, ansible_group_priority: 9}
      vars: {v: of eu, only: eu}
  vars: {v: of all}
"""
}


def test_depth_then_priority_then_name_decide_among_groups(tmp_path: Path) -> None:
    found = loaded(tmp_path, DEEP)
    assert {n: h.vars["v"].value for n, h in found.hosts.items()} == {"a": "of db", "b": "of web"}
    assert [v.value for v in explain(found, "a", "v").lost] == ["of web", "of eu", "of all"]
    assert found.hosts["b"].vars["only"].value == "eu"


# ---------------------------------------------------------------- what cannot be reached


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a ansible_connection=winrm", "it is reached by winrm; remedy speaks ssh, docker and local"),
        ("a ansible_host='{{ name }}.example.com'", "ansible_host is a template"),
        ("a ansible_become=yes ansible_become_method=su", "it becomes su; remedy becomes root, by sudo -n"),
        ("a ansible_become=true ansible_become_user=app", "it becomes app; remedy becomes root, by sudo -n"),
        ("a ansible_ssh_common_args='-o ProxyCommand=\"nc -x proxy %h %p\"'", "a ProxyCommand runs a program"),
        (
            "a ansible_ssh_extra_args='-o PermitLocalCommand=yes -o LocalCommand=id'",
            "option permitlocalcommand is not kept",
        ),
        ("a ansible_ssh_args='-F /etc/own_config'", "-F is not kept"),
        ("a ansible_shell_type=powershell", "its shell is not POSIX sh"),
        ("a ansible_connection=docker ansible_user=app", "remedy enters a container as its own user or as root"),
        ("a ansible_docker_host=tcp://x ansible_connection=docker", "Docker engine is another machine's"),
        ("web_a", "its name is no address"),
    ],
)
def test_a_host_that_remedy_cannot_reach_is_left_out_and_said_to_be(tmp_path: Path, line: str, why: str) -> None:
    name = line.split(maxsplit=1)[0]
    found = loaded(tmp_path, {"hosts.ini": f"[g]\n{line}\nfine\n"})
    assert list(found.hosts) == ["fine"]
    assert why in found.left_out[name][0].message
    assert found.left_out[name][0].at.startswith(str(tmp_path / "inventory/hosts.ini:2:"))
    for hosts, groups in (([name], []), ([], ["g"])):
        with pytest.raises(Refused, match="is left out") as refused:
            select(found, hosts, groups)
        assert f"give {name} an address" in refused.value.fix
    with_own = write(tmp_path / "inventory", {"own.yml": f"hosts: {{{name}: {{address: 'ssh://10.0.0.9'}}}}\n"})
    assert [h.name for h in select(load_inventory(with_own), [], ["g"])] == [name, "fine"]


def test_a_container_is_entered_as_root_where_ansible_is_root_there(tmp_path: Path) -> None:
    text = "c ansible_connection=docker ansible_user=root remedy_engine=unix:///run/x.sock\nd ansible_connection=docker"
    hosts = loaded(tmp_path, {"hosts.ini": text}).hosts
    assert {n: (h.become, h.engine) for n, h in hosts.items()} == {"c": (True, "unix:///run/x.sock"), "d": (False, "")}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("c ansible_connection=docker", "docker://c"),
        ("c ansible_connection=community.docker.docker ansible_host=shop_web-1", "docker://shop_web-1"),
        ("localhost ansible_connection=local", "local://"),
        ("six ansible_host=2001:db8::7 ansible_port=2200 ansible_user=root", "ssh://root@[2001:db8::7]:2200"),
        ("old ansible_ssh_host=10.1.1.1 ansible_ssh_user=u ansible_ssh_port=2", "ssh://u@10.1.1.1:2"),
        ("args ansible_ssh_common_args='-l app -p 2022 -o ControlMaster=auto -q'", "ssh://app@args:2022"),
        ("none ansible_host= ansible_port=None", "ssh://none:22"),
    ],
)
def test_ansibles_connection_variables_are_an_address(tmp_path: Path, text: str, address: str) -> None:
    (host,) = loaded(tmp_path, {"hosts.ini": text}).hosts.values()
    assert str(host.address) == address


@pytest.mark.parametrize(
    "arguments",
    [
        "-o ProxyJump=ops@bastion.example.com:2022",
        "-J ops@bastion.example.com:2022",
        "-o StrictHostKeyChecking=no -o ProxyCommand='ssh -q -W %h:%p -p 2022 ops@bastion.example.com'",
    ],
)
def test_a_jump_host_is_a_host_to_be_trusted_like_any_other(tmp_path: Path, arguments: str) -> None:
    files = {
        "hosts.ini": "[inner]\na ansible_ssh_private_key_file=~/.ssh/id\n",
        "group_vars/inner.yml": f'ansible_ssh_common_args: "{arguments}"\n',
    }
    found = loaded(tmp_path, files)
    jump = found.hosts["bastion.example.com"]
    assert found.hosts["a"].via == jump.name
    assert (str(jump.address), jump.identity) == ("ssh://ops@bastion.example.com:2022", "~/.ssh/id")
    assert jump.at.endswith("group_vars/inner.yml:1:1")


def test_a_jump_host_that_the_inventory_names_is_that_host(tmp_path: Path) -> None:
    arguments = "[inner:vars]\nansible_ssh_common_args='-J 192.0.2.1,second:2022'\n"
    found = loaded(tmp_path, {"hosts": f"bastion ansible_host=192.0.2.1\n[inner]\na\nb\n{arguments}"})
    assert sorted(found.hosts) == ["a", "b", "bastion", "second"]
    assert (found.hosts["a"].via, found.hosts["second"].via) == ("second", "bastion")


def test_a_host_that_jumps_through_itself_is_no_ring(tmp_path: Path) -> None:
    files = {"hosts": "[all]\nbastion\na\n[all:vars]\nansible_ssh_common_args=-J bastion\n"}
    found = loaded(tmp_path, files)
    assert (found.hosts["bastion"].via, found.hosts["a"].via) == ("", "bastion")


def test_keys_that_ansible_would_not_check_are_checked_and_it_is_said(tmp_path: Path) -> None:
    line = "a ansible_ssh_common_args='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'\n"
    line += "b remedy_known_hosts=~/.ssh/known_hosts"
    found = loaded(tmp_path, {"hosts.ini": line})
    assert (found.hosts["a"].known_hosts, found.hosts["b"].known_hosts) == ("", "~/.ssh/known_hosts")
    assert [n.message for n in found.notes] == ["asks for host keys not to be checked; remedy always checks them"]


# ---------------------------------------------------------------- values that are only carried

VALUES = """\
template: "{{ other }}/x"
vaulted: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  6162
mode: 0644
at: 22:22
version: 1.10
nested: {a: 1}
several: [1, {a: b}]
nothing:
plain: /srv
flag: yes
ansible_password: hunter2hunter2
"""


def test_a_value_in_doubt_is_refused_where_a_playbook_wants_it_and_only_there(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"hosts": "web1\n", "group_vars/all.yml": VALUES})
    host = found.hosts["web1"]
    unread = {n: v.unread for n, v in host.vars.items()}
    assert [n for n, why in unread.items() if not why] == ["plain", "flag"]
    for name in ("template", "vaulted", "mode", "at", "version", "nested", "several", "nothing"):
        wants = playbook(with_steps('- {id: one, toy.rotate: {paths: ["/x"]}}', f"{name}: {{type: text, default: d}}"))
        with pytest.raises(Refused) as refused:
            choose(wants, host, {})
        assert f"'{name}' from all {unread[name]}" in refused.value.message
        assert "group_vars/all.yml:" in refused.value.at
        assert choose(wants, host, {name: "mine"})[name].value == "mine"
    wants = playbook(with_steps('- {id: one, toy.rotate: {paths: ["/x"]}}', "flag: {type: bool}\nplain: {type: path}"))
    assert [v.value for v in choose(wants, host, {}).values()] == [True, "/srv"]


def test_a_nearer_value_in_doubt_is_not_passed_over_for_a_farther_one(tmp_path: Path) -> None:
    files = {"hosts": "web1 mount='{{ disk }}'\n", "group_vars/all.yml": "mount: /safe\n"}
    wants = playbook(with_steps('- {id: one, toy.rotate: {paths: ["/x"]}}', "mount: {type: path, default: /}"))
    with pytest.raises(Refused, match="is a template"):
        choose(wants, loaded(tmp_path, files).hosts["web1"], {})


def test_fault_012_a_template_in_ansibles_variables_is_never_evaluated(tmp_path: Path) -> None:
    for text in ("{{ 7*7 }}", "{% raw %}x{% endraw %}", "{{ lookup('pipe', 'touch /tmp/x') }}", "a{# b #}"):
        files = {"hosts.ini": "web1\n", "group_vars/all.yml": f'v: "{text}"\nw: ["{text}"]\n'}
        host = loaded(tmp_path, files).hosts["web1"]
        assert host.vars["v"].value == text
        assert host.vars["v"].unread and host.vars["w"].unread


def test_fault_098_passwords_of_ansibles_are_not_even_carried(tmp_path: Path) -> None:
    line = "a ansible_password=hunter2hunter2 ansible_become_pass=hunter2hunter2 ansible_ssh_private_key_file=k"
    found = loaded(tmp_path, {"hosts.ini": line})
    assert "hunter2" not in repr(found)
    assert found.hosts["a"].identity == "k"


def test_a_vaulted_file_is_left_out_with_a_note(tmp_path: Path) -> None:
    files = {
        "hosts": "a\n",
        "group_vars/all/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "group_vars/all/x.yml": "v: 1\n",
    }
    found = loaded(tmp_path, files)
    assert found.hosts["a"].vars["v"].value == 1
    (note,) = found.notes
    assert note.at.endswith("group_vars/all/vault.yml:1:1")
    assert "encrypted by ansible-vault" in note.message


def test_files_of_variables_that_are_nobodys_are_noted(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"hosts": "[web]\na\n", "group_vars/wbe.yml": "v: 1\n", "host_vars/a.yml": "v: 2\n"})
    assert [(n.message, n.fix) for n in found.notes] == [
        ("is not read: no group of Ansible's is called wbe", "did you mean web?")
    ]
