"""Inventories: merged once, strict about addresses, and never everything by itself."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from remedy.errors import Invalid, Refused, Unsafe
from remedy.load.addresses import parse_address, parse_host_key
from remedy.load.identity import check_identity
from remedy.load.inventory import explain, load_inventory, read_inventory, select
from remedy.load.merging import Layered
from remedy.model import Address, SecretRef
from tests.load.toy import document, line_of

HOSTS = """
vars: {has_docker: false, free: 10%}
groups:
  prod:
    vars: {log_dir: /var/log/app, free: 20%}
    hosts: [prod1, prod2]
  empty: {hosts: []}
hosts:
  prod1:
    address: ssh://deploy@10.0.0.11:2222
    identity: ~/.ssh/remedy
    become: true
    environment: production
    quarantine: /var/quarantine/
    vars: {free: 30%, db_password: {secret: env:DB_PASSWORD}}
  prod2: {address: "docker://web-1", via: prod1}
  lone: {address: "local://"}
"""
ONE = "hosts: {x: {address: 'local://'}}"


def merged(*texts: str) -> Layered:
    inventory, flaws = read_inventory([document(t, f"f{i}.yml") for i, t in enumerate(texts)])
    assert flaws.problems() == ()
    return inventory


def problems(*texts: str) -> list[str]:
    _, flaws = read_inventory([document(t, f"f{i}.yml") for i, t in enumerate(texts)])
    return [line_of(p.at, p.message, p.rule, p.fix) for p in flaws.problems()]


def test_a_host_has_its_groups_and_the_nearest_value_wins() -> None:
    prod1 = merged(HOSTS).hosts["prod1"]
    assert prod1.address == Address(scheme="ssh", name="10.0.0.11", port=2222, user="deploy")
    assert (prod1.groups, prod1.become, prod1.environment) == (("prod",), True, "production")
    assert prod1.quarantine == "/var/quarantine"
    assert {n: (v.value, v.layer) for n, v in prod1.vars.items()} == {
        "free": ("30%", "host prod1"),
        "db_password": (SecretRef("env:DB_PASSWORD"), "host prod1"),
        "log_dir": ("/var/log/app", "group prod"),
        "has_docker": (False, "all"),
    }


def test_explain_names_the_winner_and_those_that_lost() -> None:
    found = explain(merged(HOSTS), "prod1", "free")
    assert (found.value.value, found.value.at) == ("30%", "f0.yml:15:18")
    assert [(v.value, v.layer, v.at) for v in found.lost] == [
        ("20%", "group prod", "f0.yml:5:41"),
        ("10%", "all", "f0.yml:2:33"),
    ]
    with pytest.raises(Invalid) as unknown:
        explain(merged(HOSTS), "prod1", "fre")
    assert unknown.value.fix == "did you mean free?"


def test_files_are_merged_and_the_policy_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "more.yaml").write_text("groups: {prod: {hosts: [more1]}}\nhosts: {more1: {address: 'local://'}}\n")
    (tmp_path / "policy.yml").write_text("rules: []\n")
    inventory = load_inventory(tmp_path)
    assert inventory.groups["prod"] == ("prod1", "prod2", "more1")
    assert inventory.hosts["more1"].vars["log_dir"].value == "/var/log/app"


def test_without_an_inventory_it_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no inventory"):
        load_inventory(tmp_path / "inventory")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hosts: ''", "wanted a mapping"),
        ("hosts: {a: {}}", "lacks 'address'"),
        ("hosts: {a: {address: 'local://', proxy_command: 'nc x'}}", "no key 'proxy_command'"),
        ("hosts: {a: {address: 'local://', becom: true}}", "did you mean become?"),
        ("hosts: {'-oProxyCommand=x': {address: 'local://'}}", "is no name"),
        ("hosts: {a: {address: 'local://', quarantine: var/q}}", "absolute path"),
        ("hosts: {a: {address: 'local://', drillable: true, environment: production}}", "broken on purpose"),
        ("hosts: {a: {address: 'local://', drillable: maybe}}", "wanted true or false"),
        ("hosts: {a: {address: 'local://', quarantine: /}}", "directory of its own"),
        ("hosts: {a: {address: 'local://', via: b}}", "no host is called so"),
        ("hosts: {a: {address: 'local://', via: a}}", "through itself: a -> a"),
        ("hosts: {a: {address: 'local://', via: b}, b: {address: 'local://', via: a}}", "through itself"),
        ("hosts: {a: {address: 'local://', become: yes}}", "wanted true or false"),
        ("groups: {g: {hosts: [porod]}}\nhosts: {prod: {address: 'local://'}}", "did you mean prod?"),
        ("groups: {g: {hosts: null}}", "wanted a list"),
        ("groups: {g: {children: [h]}}", "no key 'children'"),
        ("vars: {a: null}", "a variable has a value"),
        ("vars: {a: {b: c}}", "is a mapping"),
        ("vars: {a: [[b]]}", "wanted text"),
        ("vars: {a-b: c}", "is no name"),
        ("vars: {a: {secret: 'DB'}}", "env:NAME"),
        ("vars: {a: {secret: 'file:relative'}}", "env:NAME"),
        ("vars: {a: {secret: {command: pass}}}", "list"),
        ("vars: {a: {secret: {command: []}}}", "list"),
        ("vars: {a: 1}\nall: {}", "no key 'all'"),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    found = problems(text)
    assert found
    assert any(why in line for line in found), found


def test_fault_004_a_host_or_variable_in_two_files_shows_both_places() -> None:
    found = problems(f"vars: {{a: 1}}\n{ONE}", f"vars: {{a: 1}}\n{ONE}")
    assert found == [
        "f1.yml:1:11 'a' is set twice for all, first at f0.yml:1:11 |  | remove one",
        "f1.yml:2:9 the host x is here twice, first at f0.yml:2:9 |  | remove one",
    ]


def test_two_groups_that_disagree_are_not_settled_by_their_order() -> None:
    text = f"groups:\n  a: {{vars: {{v: 1}}, hosts: [x]}}\n  b: {{vars: {{v: 2}}, hosts: [x]}}\n{ONE}"
    assert "another value from group a at f0.yml:2:17" in problems(text)[0]
    assert problems(text.replace("v: 2", "v: 1")) == []


def test_fault_099_a_secret_written_in_place_of_a_reference_is_not_shown() -> None:
    for text in ("vars: {a: {secret: hunter2hunter2}}", "vars: {db_password: {x: hunter2hunter2}}"):
        assert problems(text)
        assert "hunter2" not in "".join(problems(text))


def test_fault_018_two_hosts_may_share_a_key() -> None:
    key = host_key()
    hosts = f"  a: {{address: 'ssh://x', host_key: '{key}'}}\n  b: {{address: 'ssh://y', host_key: ['{key}']}}"
    found = merged(f"hosts:\n{hosts}")
    assert found.hosts["a"].host_key == found.hosts["b"].host_key == (key,)


def host_key(kind: str = "ssh-ed25519", inner: str = "ssh-ed25519") -> str:
    blob = len(inner).to_bytes(4, "big") + inner.encode() + bytes([0, 0, 0, 32]) + bytes(32)
    return f"{kind} {base64.b64encode(blob).decode()}"


def test_a_host_key_says_what_it_is() -> None:
    assert parse_host_key(host_key() + " root@x") == host_key()
    for wrong in ("", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-dss AAAA", host_key("ssh-rsa"), host_key()[:30]):
        with pytest.raises(Invalid):
            parse_host_key(wrong)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ssh://web1", Address(scheme="ssh", name="web1")),
        ("ssh://a.b-c.example:22", Address(scheme="ssh", name="a.b-c.example")),
        ("ssh://deploy@10.0.0.1", Address(scheme="ssh", name="10.0.0.1", user="deploy")),
        ("ssh://x@[fd00::1]:2222", Address(scheme="ssh", name="fd00::1", port=2222, user="x")),
        ("docker://shop_web-1", Address(scheme="docker", name="shop_web-1")),
        ("local://", Address(scheme="local")),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("ssh://-oProxyCommand=touch${IFS}x", "ssh://-oProxyCommand=x@h", "ssh://h;id", "ssh://h`id`", "ssh://$(id)"),
        *(
            "ssh://h h",
            "ssh://h\n",
            "ssh://h/path",
            "ssh://h?x",
            "ssh://h#x",
            "ssh://h:0",
            "ssh://h:65536",
            "ssh://h:x",
        ),
        *("ssh://h:", "ssh://@h", "ssh://a:b@h", "ssh://-u@h", "ssh://", "ssh://a_b", "ssh://a..b", "ssh://a-"),
        *("ssh://-a", "ssh://1.2.3", "ssh://1.2.3.256", "ssh://999", "ssh://[::1", "ssh://[::1%lo]", "ssh://[1.2.3.4]"),
        *("ssh://::1", "ssh://h\u00f6st", "ssh://h\u043est", "ssh://" + "a" * 64, "ssh://" + "a." * 200 + "a"),
        *("SSH://h", " ssh://h", "docker://", "docker://-x", "docker://a b", "docker://a/b", "local://x", "local:"),
        *("h", "", "telnet://h", "file:///x", "docker://root@web", "docker://h:2375", "docker://web-1\n"),
    ],
)
def test_fault_015_an_address_that_could_be_something_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_address(text)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("address: 'docker://a', known_hosts: '~/k'", "'known_hosts' does not fit docker://"),
        ("address: 'docker://a', identity: ~/key", "'identity' does not fit docker://"),
        ("address: 'ssh://a', engine: 'unix:///run/docker.sock'", "'engine' does not fit ssh://"),
        ("address: 'docker://a', engine: 'tcp://10.0.0.1:2375'", "via: HOST"),
        ("address: 'docker://a', engine: 'ssh://root@elsewhere'", "via: HOST"),
        ("address: 'docker://a', engine: 'unix://relative'", "wanted unix:///PATH"),
        ("address: 'docker://a', engine: 'unix:///run/../etc/x'", "wanted unix:///PATH"),
        ('address: "docker://a", engine: "unix:///run/a\\nb"', "wanted unix:///PATH"),
        ("address: 'docker://root@a'", "become: true is root there"),
        ("address: 'ssh://a', via: box", "box does not lead to x"),
        ("address: 'ssh://a', via: me", "me does not lead to x"),
        ("address: 'docker://a', via: nobody", "no host is called so"),
    ],
)
def test_what_does_not_fit_a_container_is_told(entry: str, says: str) -> None:
    others = "  box: {address: 'docker://b'}\n  me: {address: 'local://'}\n"
    found = problems(f"hosts:\n{others}  x: {{{entry}}}\n")
    assert says in found[0], found


def test_a_container_may_be_reached_through_any_host_and_name_its_engine() -> None:
    others = "  a: {address: 'ssh://a'}\n  me: {address: 'local://'}\n  b: {address: 'docker://b', via: a}\n"
    engine = "engine: 'unix:///run/x.sock'"
    boxes = "".join(f"  {v}-x: {{address: 'docker://x', via: {v}, {engine}}}\n" for v in ("a", "me", "b"))
    found = merged(f"hosts:\n{others}{boxes}")
    assert {found.hosts[f"{v}-x"].engine for v in ("a", "me", "b")} == {"unix:///run/x.sock"}


def test_fault_016_nothing_named_is_nothing_chosen() -> None:
    inventory = merged(HOSTS)
    assert [h.name for h in select(inventory, ["lone"], ["prod"])] == ["lone", "prod1", "prod2"]
    assert [h.name for h in select(inventory, ["prod2", "prod2"], ["prod"])] == ["prod2", "prod1"]
    with pytest.raises(Invalid, match="no target"):
        select(inventory, [], [])
    for hosts, groups in ((["prod3"], []), ([""], []), ([], ["prdo"]), ([], ["empty"]), (["all"], []), ([], ["*"])):
        with pytest.raises(Refused, match="matched 0 hosts"):
            select(inventory, hosts, groups)
    with pytest.raises(Refused) as misspelled:
        select(inventory, [], ["prdo"])
    assert misspelled.value.fix == "did you mean prod?"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_fault_101_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "key"
    key.write_text("not really a key")
    key.chmod(mode)
    with pytest.raises(Unsafe) as refused:
        check_identity(key, tmp_path / "home")
    assert refused.value.exit_code == 2


def test_fault_101_a_key_among_the_inventory_is_refused_and_a_private_one_is_not(tmp_path: Path) -> None:
    for place in ("home/inventory/key", "home/playbooks/key", "home/.remedy/key", "key"):
        key = tmp_path / place
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text("not really a key")
        key.chmod(0o600)
    check_identity(tmp_path / "key", tmp_path / "home")
    check_identity(tmp_path / "home/.remedy/key", tmp_path / "home")
    for shared in ("home/inventory/key", "home/playbooks/key"):
        with pytest.raises(Unsafe, match="lies among"):
            check_identity(tmp_path / shared, tmp_path / "home")
    for none in ("missing", "home"):
        with pytest.raises(Invalid):
            check_identity(tmp_path / none, tmp_path / "home")


def test_only_a_host_outside_production_may_be_drilled() -> None:
    found = merged("hosts: {a: {address: 'local://', drillable: true}, b: {address: 'local://'}}")
    assert [h.drillable for h in found.hosts.values()] == [True, False]
