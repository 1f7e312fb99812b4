"""Random inventories in every form that Ansible has: INI, YAML and JSON, with folders of variables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

HOSTS = (
    "web1",
    "web2",
    "db1",
    "db-2",
    "cache1",
    "10.0.0.7",
    "app.example.com",
    "www[01:03].example.com",
    "n[a:c]x[1:2]",
)
PORTED = ("web1:2222", "db1:5022", "edge[1:2]:2022")
NAMES = ("color", "size", "flag", "path", "ports", "ansible_own", "user", "text", "log_dir")
INLINE = (
    "5", "yes", "True", "False", "None", "3.5", "0644", "22:22", "/var/log", "'two words'", '"a b"', "a=b", "'[1, 2]'",
    "\"['x', 'y']\"", "'{\"a\": 1}'", "''", '"\'5\'"', "x#y", "plain", "-1", "1.10", "0x10", "(1,2)", "a,b", "true",
    "'quo\"te'", "~/x", "b'x'", "1_000", "1e3", "\\'5\\'", "[]", "1+2j", "...", "http://x/?a=b&c=d",
)  # fmt: skip
LINES = (
    "5", "yes", "True", "False", "None", "3.5", "0644", "22:22", "/var/log", "'two words'", "two words",
    "a=b", "[1, 2]",
    "['x', 'y'] # both", "{'a': 1}", "''", "'5'", "x # y", "5 # five", "-1", "1.10", "{{ other }}",
    "[[1], {'b': (2,)}]",
    "{'n': {'m': [True, None]}}", "\"tab\\\\t\"", "{1, 2}", "[unclosed", "a: b", "é", "=", "@x", "[",
)  # fmt: skip
VALUES = (
    "5", "yes", "no", "on", "Off", "true", "null", "~", "", "3.5", "0644", "22:22", "/var/log", "'two words'", '"5"',
    "two words",
    "[1, a, yes]", "{a: 1, b: [x]}", "1.10", "2024-01-02", "'{{ other }}'", "|\n  several\n  lines",
    ">-\n  folded\n  text",
    "-1", "1_000", "0x1f", "1e3", "+5", ".5", "!unsafe '{{ x }}'", "y", "n", "é", "- a\n- b",
)  # fmt: skip


def world(random: Random) -> dict[str, str]:
    """The files of one inventory."""
    groups = [f"g{n}" for n in range(random.randint(1, 6))]
    below = {g: [c for c in groups[i + 1 :] if random.random() < 0.3] for i, g in enumerate(groups)}
    forms = random.choice((("ini",), ("yaml",), ("json",), ("ini", "yaml"), ("bare",)))
    files: dict[str, str] = {}
    for form in forms:
        name = {"ini": "a.ini", "yaml": "b.yml", "json": "c.json", "bare": "hosts"}[form]
        files[name] = _ini(random, groups, below) if form in ("ini", "bare") else _tree(random, groups, below, form)
    names = [*groups, "all", "ungrouped"]
    for group in random.sample(names, random.randint(0, 3)):
        files |= _folder(random, f"group_vars/{group}")
    for host in random.sample(["web1", "web2", "db1", "www02.example.com"], random.randint(0, 2)):
        files |= _folder(random, f"host_vars/{host}")
    return files


def _folder(random: Random, place: str) -> dict[str, str]:
    form = random.choice(("", ".yml", ".yaml", ".json", "/main.yml", "/both"))
    if form == "/both":
        return {f"{place}/a.yml": _variables(random), f"{place}/b": _variables(random), f"{place}/c.txt": "not: read\n"}
    if form == ".json":
        return {
            f"{place}.json": json.dumps({n: random.choice((1, "x", [1], None, {"a": True})) for n in _some(random)})
        }
    return {f"{place}{form}": _variables(random)}


def _some(random: Random) -> list[str]:
    return random.sample(NAMES, random.randint(0, 4))


def _variables(random: Random) -> str:
    lines = [f"{n}: {_nested(random.choice(VALUES))}" for n in _some(random)]
    return random.choice(("", "---\n", "# about\n")) + "\n".join(lines) + "\n"


def _nested(value: str) -> str:
    return "\n  " + value.replace("\n", "\n  ") if value.startswith("- ") else value


# ---------------------------------------------------------------- INI


def _ini(random: Random, groups: list[str], below: dict[str, list[str]]) -> str:
    parts = ["# hosts of no group", *_host_lines(random, 2)]
    sections = [s for g in groups for s in _sections(random, g, below)]
    random.shuffle(sections)
    if random.random() < 0.3:
        sections.append("[all:vars]\n" + "\n".join(_group_lines(random, "all")))
    return "\n".join([*parts, *sections]) + "\n"


def _sections(random: Random, group: str, below: dict[str, list[str]]) -> Iterator[str]:
    yield "\n".join([f"[{group}]", *_host_lines(random, 3)])
    if below[group]:
        yield "\n".join([f"[{group}:children] # those below", *below[group]])
    if random.random() < 0.6:
        yield "\n".join([f"[{group}:vars]", *_group_lines(random, group)])


def _host_lines(random: Random, most: int) -> list[str]:
    chosen = random.sample((*HOSTS, *PORTED), random.randint(0, most))
    return [
        " ".join([h, *(f"{n}={random.choice(INLINE)}" for n in _some(random))]) + random.choice(("", " # x"))
        for h in chosen
    ]


def _group_lines(random: Random, group: str) -> list[str]:
    priority = [f"ansible_group_priority={random.randint(1, 9)}"] if group != "all" and random.random() < 0.3 else []
    return [*(f"{n}{random.choice(('=', ' = '))}{random.choice(LINES)}" for n in _some(random)), *priority]


# ---------------------------------------------------------------- YAML and JSON


def _tree(random: Random, groups: list[str], below: dict[str, list[str]], form: str) -> str:
    inner = {g: _group(random, below.get(g, [])) for g in groups}
    top: dict[str, object] = {
        "all": {"children": inner, "hosts": dict.fromkeys(_hosts(random)), "vars": _plain(random)}
    }
    if random.random() < 0.5:
        top = {"all": {"vars": _plain(random)}, **inner}
    if form == "json":
        return json.dumps(top, indent=1)
    return "---\n" + _yaml(random, top, 0)


def _hosts(random: Random) -> list[str]:
    return random.sample((*HOSTS, *PORTED), random.randint(0, 3))


def _plain(random: Random) -> dict[str, object]:
    return {n: random.choice((1, "x", True, None, [1, "a"], {"k": "v"}, "{{ t }}", 2.5)) for n in _some(random)}


def _group(random: Random, below: list[str]) -> dict[str, object]:
    made: dict[str, object] = {"hosts": {h: _plain(random) or None for h in _hosts(random)}, "vars": _plain(random)}
    if below:
        made["children"] = dict.fromkeys(below)
    if random.random() < 0.3:
        made["vars"] = {**_plain(random), "ansible_group_priority": random.randint(1, 9)}
    return made


def _yaml(random: Random, value: dict[str, object], depth: int) -> str:
    """Block style, with scalars as people write them."""
    lines = []
    for name, inner in value.items():
        key = "  " * depth + (f"'{name}'" if "[" in name or ":" in name else name)
        if isinstance(inner, dict) and inner and name not in NAMES:
            lines.append(f"{key}:\n{_yaml(random, inner, depth + 1)}")
        elif name in NAMES:
            written = random.choice(VALUES[:20]) if random.random() < 0.5 else json.dumps(inner)
            lines.append(f"{key}: {written}\n")
        else:
            lines.append(f"{key}: {json.dumps(inner)}\n")
    return "".join(lines)
