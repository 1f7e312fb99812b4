"""Whatever bytes Ansible's files hold, they are read or refused with a place, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from remedy.load.ansible.dialect import read_as_ansible
from remedy.load.ansible.files import Form, Source
from remedy.load.ansible.gathering import gather
from remedy.load.inventory import load_inventory, read_directory, read_inventory
from tests.fuzz import LONG, bounded, mutants
from tests.load.ansible.beside import write
from tests.load.ansible.test_reading import DEEP, FLEET, VALUES, problems

INI_PIECES = (
    *(
        b"[web]\n",
        b"[web:vars]\n",
        b"[x:children]\n",
        b"[",
        b"]",
        b"=",
        b"'",
        b'"',
        b"\\",
        b"#",
        b";",
        b"\n",
        b"\t",
        b" ",
    ),
    *(
        b"[1:99999999]",
        b"[a:z:0]",
        b"(" * 50,
        b"[" * 100,
        b"{1:",
        b"-" * 100,
        b"9" * 400,
        b"b'x'",
        b"1e999",
        b"...",
        b"1j",
    ),
    *(
        b"ansible_host=",
        b"ansible_port=",
        b"ansible_ssh_common_args='-J ",
        b"ansible_become=",
        b"remedy_via=",
        b"all",
        b"\0",
    ),
    *(
        "\u202e".encode(),
        "\u00e9".encode(),
        b"\xff",
        b"x" * 300,
        b"a" * 20 + b".",
        b"{{ x }}",
        b"%h:%p",
        b"-oProxyCommand=id ",
    ),
)
TREE_PIECES = (
    *(
        b"all:\n",
        b"children:\n",
        b"hosts:\n",
        b"vars:\n",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!vault ",
        b"!unsafe ",
        b"!!python/x ",
        b"---\n",
    ),
    *(
        b"0644",
        b"22:22",
        b"yes",
        b"~",
        b"[]",
        b"{}",
        b"[",
        b"}",
        b"'",
        b'"',
        b": ",
        b"- ",
        b"? ",
        b"|\n",
        b"\t",
        b"\0",
        b"\xff",
    ),
    *("\u202e".encode(), "e\u0301".encode(), b"x" * 300, b"{{ x }}", b"plugin: x\n", b"9" * 30, b"www[01:50]: \n"),
)


def survives(content: bytes, form: Form) -> None:
    source = Source(Path("inventory/hosts"), content, form)
    with bounded():
        inventory, flaws = read_inventory([], gather([source], Path("/nonexistent")))
        found = [*flaws.problems(), *inventory.notes, *(p for out in inventory.left_out.values() for p in out)]
    for p in found:
        assert p.at.count(":") == 2, p
        assert all(" " <= c <= "~" for c in p.at + p.message + p.rule + p.fix), p


def mutate(count: int, seed: int) -> None:
    for content in mutants((FLEET.encode(), b"a b=[1,2] c='x'\n"), INI_PIECES, count, seed):
        survives(content, Form.INI)
    for content in mutants(
        (DEEP["hosts.yml"].encode(), f"all:\n vars:\n  {VALUES}".encode()), TREE_PIECES, count, seed
    ):
        survives(content, Form.TREE)


def test_mutated_inventories_are_read_or_refused_with_a_place() -> None:
    mutate(150, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("thousand", range(LONG // 2000))
def test_a_hundred_thousand_mutated_inventories_are_read_or_refused_with_a_place(thousand: int) -> None:
    mutate(1000, seed=thousand)


def bomb() -> str:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(["all: {hosts: {h: }}", "a0: &a0 [x, x]", *levels]) + "\n"


def test_fault_001_an_alias_bomb_of_ansibles_is_refused_where_it_begins(tmp_path: Path) -> None:
    began = time.process_time()
    found = read_as_ansible(bomb().encode(), "hosts.yml")
    assert "makes this file hold more than 50000 values" in found.flaws.found[-1].message
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hosts.yml", "all: " + "[" * 5000),
        ("hosts.ini", "a x=" + "[" * 5000 + "\n"),
        ("hosts.ini", "a x=" + "-" * 9000 + "1\n"),
        ("hosts.ini", "a x=" + "(" * 3000 + ")" * 3000 + "\n"),
        ("hosts.ini", "a x=" + "{1:" * 1000 + "1" + "}" * 1000 + "\n"),
    ],
)
def test_fault_002_nesting_without_end_is_refused_in_every_form(tmp_path: Path, name: str, text: str) -> None:
    directory = write(tmp_path / "inventory", {name: text})
    with bounded():
        read = read_directory(directory)
    assert read.flaws.found or len(read.inventory.hosts) == 1


def test_fault_003_and_005_numbers_that_become_something_else_are_not_taken(tmp_path: Path) -> None:
    values = ("9" * 30, "0644", "22:22", "1.10", "2024-13-45", ".nan", ".inf", "0x1F", "1_000", "+5")
    text = "".join(f"v{n}: {v}\n" for n, v in enumerate(values))
    found = load_inventory(write(tmp_path, {"hosts": "h\n", "group_vars/all.yml": text})).hosts["h"].vars
    assert [v.value for v in found.values()] == list(values)
    assert all("is ambiguous" in v.unread for v in found.values())
    ini = "h " + " ".join(f"v{n}={v}" for n, v in enumerate(("9" * 30, "1.10", "0x1F", "1_000", "1e999")))
    ini_dir = write(tmp_path / "ini", {"hosts.ini": ini})
    assert all(v.unread for v in load_inventory(ini_dir).hosts["h"].vars.values())


@pytest.mark.parametrize("odd", ["\ufeff", "\x1b[2J", "\u202e", "\x00", "\u2066", "\r"])
def test_fault_007_what_a_reader_cannot_see_is_refused_in_every_form(tmp_path: Path, odd: str) -> None:
    for files in (
        {"hosts.ini": f"a x=1\nb y={odd}2\n"},
        {"hosts.yml": f"all:\n  hosts:\n    a{odd}: \n"},
        {"hosts.ini": "a\n", "group_vars/all.yml": f"v: x{odd}y\n"},
        {"hosts.ini": "a\n", "host_vars/a/x.yml": f'v: "x{odd}y"\n'},
    ):
        directory = tmp_path / str(abs(hash(json.dumps(files))))
        assert problems(directory, files)


def test_fault_007_bytes_that_are_not_utf8_are_refused_with_their_place(tmp_path: Path) -> None:
    directory = write(tmp_path / "inventory", {"group_vars/all.yml": ""})
    (directory / "hosts.ini").write_bytes(b"a\nb \xff\n")
    (line,) = problems(tmp_path, {})
    assert line.startswith("hosts.ini:2:3 byte 0xff is not UTF-8")


COST = """\
import json, sys, time
from pathlib import Path
from remedy.errors import Invalid
from remedy.load.inventory import load_inventory
from tests.memory import peak_bytes
began = time.process_time()
try:
    found = len(load_inventory(Path(sys.argv[1])).hosts)
except Invalid:
    found = -1
print(json.dumps([found, time.process_time() - began, peak_bytes()]))
"""


@pytest.mark.parametrize(
    ("files", "hosts"),
    [
        ({"hosts.ini": "h[00001:10000] a=1 b=[1,2]\n"}, 10_000),
        ({"hosts.ini": "h[1:100][1:100][1:100]\nh[1:20001]\n"}, -1),
        ({"hosts.ini": "x" * 2_000_000}, -1),
        ({"hosts.yml": bomb()}, -1),
        ({"hosts.ini": "\n".join(f"[g{n}:children]\ng{n + 1}" for n in range(1, 1900)) + "\n[g1900]\nh\n"}, 1),
    ],
)
def test_fault_008_large_inventories_are_read_or_refused_in_bounded_time_and_memory(
    tmp_path: Path, files: dict[str, str], hosts: int
) -> None:
    directory = write(tmp_path, files)
    done = subprocess.run(
        [sys.executable, "-c", COST, str(directory)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found, cpu_s, peak = json.loads(done.stdout)
    assert (found, cpu_s < 10, peak < 256 * 1024 * 1024) == (hosts, True, True), (found, cpu_s, peak)
