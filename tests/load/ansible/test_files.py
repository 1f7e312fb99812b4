"""Which files are Ansible's, and what is wrong with them: told with places, all at once, and nothing is ever run."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.load.ansible.files import Form, candidates, source_of
from remedy.load.inventory import load_inventory, read_directory
from tests.load.ansible.beside import write
from tests.load.ansible.test_reading import loaded, problems

OWN = "hosts: {x: {address: 'local://'}}\n"
TREE = "all:\n  hosts:\n    y:\n"


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("hosts.yml", OWN, Form.OWN),
        ("hosts.yml", TREE, Form.TREE),
        ("web.yaml", "web:\n  hosts: {a: }\ndb:\n", Form.TREE),
        ("hosts.yml", "hots: {x: {address: 'local://'}}\n", Form.OWN),  # misspelled: told by remedy's schema
        ("hosts.yml", f"{OWN}all: {{}}\n", Form.OWN),
        ("hosts.yml", "", Form.OWN),
        ("a.json", '{"all": {"hosts": {"y": {}}}}', Form.TREE),
        ("aws.yml", "plugin: amazon.aws.aws_ec2\nregions: [eu-west-1]\n", Form.PLUGIN),
        ("fleet.ini", "web1\n", Form.INI),
        ("hosts", "web1 ansible_port=22\n", Form.INI),
        ("hosts", "---\n" + TREE, Form.TREE),
        ("hosts", "# INI\n[web]\nweb1\n", Form.INI),
        ("production", "[web]\nweb1\n", Form.INI),
        ("production", TREE, Form.TREE),
        ("README", "How this is used:\n\nsee web1\n", Form.NONE),
        ("notes", "web1 is old\n", Form.NONE),
        ("id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", Form.NONE),
        ("hosts", "#!/bin/sh\ntouch ran\n", Form.PROGRAM),
        ("ec2.py", "#!/usr/bin/env python3\n", Form.PROGRAM),
        ("hosts.toml", "[web.hosts]\n", Form.TOML),
    ],
)
def test_a_file_is_ansibles_by_its_name_and_shape(tmp_path: Path, name: str, text: str, form: Form) -> None:
    write(tmp_path, {name: text})
    assert [source_of(p).form for p in candidates(tmp_path)] == [form]


def test_other_files_of_the_directory_are_none_of_it(tmp_path: Path) -> None:
    names = (
        "policy.yml",
        ".hidden.ini",
        "hosts~",
        "hosts.bak",
        "hosts.orig",
        "x.cfg",
        "x.retry",
        "known_hosts",
        "a.md",
    )
    write(tmp_path, dict.fromkeys(names, "[web]\nweb1\n") | {"sub/hosts": "web1\n"})
    assert candidates(tmp_path) == []


def test_fault_015_a_dynamic_inventory_is_never_run_and_it_says_what_to_do(tmp_path: Path) -> None:
    program = "#!/bin/sh\ntouch ran\necho '{}'\n"
    write(tmp_path / "inventory", {"hosts": program, "plugin.yml": "plugin: script\n"})
    (tmp_path / "inventory/hosts").chmod(0o755)
    found = read_directory(tmp_path / "inventory").flaws.problems()
    assert [p.message for p in found] == [
        "is a program (an Ansible dynamic inventory), and remedy runs none",
        "is the configuration of an Ansible inventory plugin, and remedy runs none",
    ]
    assert all(p.fix.startswith("ansible-inventory -i ") for p in found)
    assert not list(tmp_path.rglob("ran"))


def test_everything_wrong_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    hosts = """\
web1 ansible_port
"web2
[web:vras]
[web]
a..b
www[1:99999999]
[db:children]
wbe
[nosuch:vars]
x=1
[web x]
web3 ansible_port=22:22 ansible_host=-oProxyCommand=id ansible_user='a;b'
"""
    files = {"hosts.ini": hosts, "group_vars/web.yml": "a: 1\na: 2\n", "host_vars/web1.yml": "- x\n"}
    assert [line.partition(" | ")[0] for line in problems(tmp_path, files)] == [
        "group_vars/web.yml:2:1 the key 'a' is here twice, first at group_vars/web.yml:1:1",
        "host_vars/web1.yml:1:1 the file is a list of 1",
        "hosts.ini:1:6 'ansible_port' is no variable",
        "hosts.ini:2:1 a host's line is not read to its end: no closing quotation",
        "hosts.ini:3:1 [web:vras] is of no known kind",
        "hosts.ini:5:1 'a..b' names no host",
        "hosts.ini:6:1 'www[1:99999999]' names no host",
        "hosts.ini:8:1 'wbe' is no group of this inventory",
        "hosts.ini:9:1 [nosuch:vars] is for no group of this inventory",
        "hosts.ini:11:1 '[web x]' is no section",
    ]
    assert "did you mean web?" in problems(tmp_path, files)[7]


def test_fault_015_an_address_of_ansibles_cannot_be_an_option_or_a_command(tmp_path: Path) -> None:
    for setting in (
        "ansible_host=-oProxyCommand=id",
        "ansible_host='h;id'",
        "ansible_host='$(id)'",
        "ansible_host='a b'",
        "ansible_user='-oX=y'",
        "ansible_user='a@b'",
        "ansible_port=0",
        "ansible_port=-1",
        "ansible_port='22 x'",
        "ansible_become=maybe",
        "remedy_quarantine=/",
        "remedy_host_key='ssh-ed25519 AAAA'",
    ):
        (line,) = problems(tmp_path, {"hosts.ini": f"web1 {setting}\n"})
        assert line.startswith(f"hosts.ini:1:6 '{setting.partition('=')[0]}' is "), line


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("all:\n  hosts: [a]\n", "'hosts' is a list of 1"),
        ("all:\n  host: {a: }\n", "did you mean hosts?"),
        ("all:\n  children: {w: {hosts: {a: 5}}}\n", "'a' is a number"),
        ("all:\n  children: {w: 5}\n", "group w is a number"),
        ("all:\n  children: {w: {children: {all: }}}\n", "makes a ring of groups"),
        ("all: {hosts: {a: }}\n---\nb: 1\n", "a second document"),
        ("all:\n  vars: {x: !!python/object/apply:os.system [id]}\n", "is a tag"),
        ("all: &a {hosts: {x: *a}}\n", "holds itself"),
        ("all:\n  hosts: {'w\u200bb': }\n", "holds the character U+200B"),
        ("all:\n\thosts: {}\n", "a tab"),
        ("all:\n  hosts: {a: , a: }\n", "is here twice"),
        ("all:\n  children: {'w b': {hosts: {a: }}}\n", "is no name of a group"),
    ],
)
def test_what_is_wrong_with_a_tree_is_said(tmp_path: Path, text: str, why: str) -> None:
    found = problems(tmp_path, {"hosts.yml": text})
    assert any(why in line for line in found), found
    assert all(line.startswith("hosts.yml:") for line in found)


def test_anchors_and_merge_keys_are_read_as_ansible_reads_them(tmp_path: Path) -> None:
    text = "all:\n  vars: &common {a: 1, b: [x]}\n  hosts:\n    h: {<<: *common, a: 2}\n"
    host = loaded(tmp_path, {"hosts.yml": text}).hosts["h"]
    assert {n: v.value for n, v in host.vars.items()} == {"a": 2, "b": ["x"]}
    assert host.vars["b"].at.endswith("hosts.yml:4:13")


def test_a_group_may_be_a_ring_in_no_form(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, {"hosts.ini": "[a:children]\nb\n[b:children]\nc\n[c:children]\na\n[d]\nx\n"})
    assert "makes a ring of groups" in line


def test_reading_twice_is_reading_the_same(tmp_path: Path) -> None:
    directory = write(
        tmp_path, {"hosts": "[web]\nw[1:40] v={1,2,3}\n[x:children]\nweb\n", "group_vars/x.yml": "a: 1\n"}
    )
    assert load_inventory(directory) == load_inventory(directory)
