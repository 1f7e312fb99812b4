"""A plan as commands to type: how each host is reached, as whom, and a script that no content of a file can end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from remedy.actions.catalogue import shipped
from remedy.cli.shown.as_shell import host_lines, reach
from remedy.codec import encode
from remedy.engine.plan import entry_of
from remedy.model import (
    Address,
    AllOf,
    Call,
    Change,
    Effect,
    Host,
    HostPlan,
    Operation,
    PlannedStep,
    Put,
    Risk,
    UndoBy,
    UndoUnnecessary,
)

RESTART = Call(family="service", function="service_restart", args=("app.service",))
SSH = Address(scheme="ssh", name="10.0.0.11", user="deploy", port=2222)
DOCKER = Address(scheme="docker", name="shop_web_1")


def plan_of(*operations: Operation, host: Host, undo: tuple[Operation, ...] = ()) -> HostPlan:
    change = Change(
        title="do it",
        operations=operations,
        effect=Effect(says="done"),
        undo=UndoBy(says="back", operations=undo) if undo else UndoUnnecessary(says="nothing lasts"),
        risk=Risk.LOW,
    )
    step = PlannedStep(
        step="one", action="service.restart", params={"unit": "app.service"}, title="do it", look=None, change=change
    )
    return HostPlan(
        host=host.name,
        identity="",
        environment="",
        entry=entry_of(host),
        params={},
        clock=0,
        symptom=AllOf(()),
        until=AllOf(()),
        verify=AllOf(()),
        steps=(step,),
    )


@pytest.mark.parametrize(
    ("host", "way", "shell"),
    [
        (Host(name="h", address=SSH, become=True), "ssh -p 2222 deploy@10.0.0.11", "sudo sh -eu"),
        (Host(name="h", address=SSH, via="gate"), "ssh -p 2222 deploy@10.0.0.11, by way of gate", "sh -eu"),
        (Host(name="h", address=DOCKER, become=True), "docker exec -it --user 0 shop_web_1 sh", "sh -eu"),
        (Host(name="h", address=DOCKER, via="prod1"), "docker exec -it shop_web_1 sh, on prod1", "sh -eu"),
        (Host(name="h", address=Address(scheme="local"), become=True), "this machine", "sudo sh -eu"),
    ],
)
def test_it_says_how_the_host_is_reached_and_as_whom_the_lines_run(host: Host, way: str, shell: str) -> None:
    part = plan_of(RESTART, host=host)
    lines = host_lines(part, shipped())
    assert (reach(part), lines[0]) == (way, f"# h ({way})")
    assert lines[1].split(" <<")[0] == shell
    assert "systemctl restart -- app.service" in lines


def test_no_content_of_a_file_ends_the_script_and_the_way_back_is_a_comment(tmp_path: Path) -> None:
    file, other = tmp_path / "it's", tmp_path / "other"
    content = "first\nBY_HAND\nBY_HAND_\n'last' $(touch x)\n"
    part = plan_of(
        Put(path=str(file), content=(content,)),
        host=Host(name="h", address=Address(scheme="local")),
        undo=(Put(path=str(other), content=("a\nb\n",)),),
    )
    script = "\n".join(host_lines(part, shipped())) + "\n"
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert file.read_text() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["it's"]
    back = script.partition("without the leading #:\n")[2]
    subprocess.run(["sh"], input="".join(f"{line[2:]}\n" for line in back.splitlines()), text=True, check=True)
    assert other.read_text() == "a\nb\n"


def test_what_the_plan_says_of_itself_can_be_no_command(tmp_path: Path) -> None:
    part = plan_of(RESTART, host=Host(name="h\ntouch x", address=Address(scheme="local")))
    assert encode(part.host) == "h\ntouch x"
    assert host_lines(part, shipped())[0] == "# h\\ntouch x (this machine)"
