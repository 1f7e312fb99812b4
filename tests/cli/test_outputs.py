"""Every --json document is of a published shape. The bench holds what every other test prints against it, too."""

from __future__ import annotations

import json

import click
from jsonschema import Draft202012Validator

from remedy.cli.app import COMMANDS, make_app
from tests.cli.conftest import SECOND, Bench
from tests.outputs import BY_COMMAND, hold, whole


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(whole())


def test_every_command_that_prints_a_document_has_its_shape_published() -> None:
    root = make_app()
    context = click.Context(root, info_name="remedy")
    prints = set()
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        if any("--json" in p.opts for p in command.params):
            prints.add(name)
    assert prints - {*BY_COMMAND, "list", "explain", "show", "resume"} == set()


def test_what_the_commands_print_is_of_the_published_shapes(bench: Bench) -> None:
    plan = bench.plan()
    asked = (
        ("plan", "disk-full", "--host", "prod1"),
        ("plan", "disk-full", "disk-full", "--host", "prod1"),
        ("show", plan),
        ("check", "disk-full", "--host", "test1"),
        ("look", "--host", "test1"),
        ("approve", plan),
        ("apply", plan),
        *(("list", what) for what in ("plans", "runs", "hosts", "actions", "playbooks", "schedules")),
        *(("explain", word) for word in ("3", "stale", "files.prune", "disk.free", "disk-full")),
        ("explain", "prod1", "mount"),
        ("validate",),
        ("doctor",),
        ("resume",),
        ("init", "new"),
        ("unlock", "test1", "--owner", "r1"),
        ("apply", "nothing-such", "--host", "test1"),
        ("plan", "disk-full"),
    )
    shapes = set()
    for argv in asked:
        done = bench(*argv, "--json")
        shapes.add(hold((*argv, "--json"), done.out))
    run = json.loads(bench("list", "runs", "--json").out)[0]["id"]
    shapes |= {hold(("show", run), bench("show", run, "--json").out)}
    shapes |= {hold(("reject",), bench("reject", bench.plan("prod1"), "--json", person=SECOND).out)}
    wanted = {n for n in whole()["$defs"] if n not in ("problem", "failure", "finding", "run in a list")}
    assert wanted - shapes == {"trust", "list approvals", "standing approval", "drill", "drill restored"}, (
        "held by their own tests"
    )
