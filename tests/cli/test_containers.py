"""What the command line says of hosts that are containers, without entering one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from remedy.cli.edge import run
from remedy.cli.world import World
from tests.cli.conftest import Bench

INVENTORY = """\
hosts:
  near: {address: "docker://web-1", engine: "unix:///nonexistent/docker.sock"}
  far: {address: "docker://web-1", via: shop}
  shop: {address: "ssh://deploy@192.0.2.11:22", known_hosts: /etc/hosts, drillable: true}
"""


@pytest.fixture
def boxes(bench: Bench) -> Bench:
    """A home with two containers."""
    (bench.path / "inventory" / "hosts.yml").write_text(INVENTORY)
    return bench


def test_a_list_of_hosts_says_how_a_container_is_reached(boxes: Bench) -> None:
    rows = {line.split()[0]: line for line in boxes("list", "hosts").out.splitlines()}
    assert "docker://web-1 via shop" in rows["far"]
    assert rows["near"].split()[1] == "docker://web-1"
    hosts = {h["name"]: h for h in boxes("list", "hosts", "--json").document}
    assert (hosts["near"]["engine"], hosts["far"]["via"]) == ("unix:///nonexistent/docker.sock", "shop")
    assert "container" not in hosts["near"], "which one it is, only a plan says"


def test_a_list_of_hosts_says_which_may_be_drilled(boxes: Bench) -> None:
    rows = {line.split()[0]: line.split()[-1] for line in boxes("list", "hosts").out.splitlines()}
    assert rows == {"HOST": "DRILLS", "near": "-", "far": "-", "shop": "drillable"}
    hosts = {h["name"]: h["drillable"] for h in boxes("list", "hosts", "--json").document}
    assert hosts == {"near": False, "far": False, "shop": True}


def test_a_container_has_no_key_to_trust_and_that_is_said(boxes: Bench) -> None:
    done = boxes("trust", "near", "--json")
    assert done.code == 2
    assert "a plan holds the full id" in done.document["error"]["fix"]


def test_doctor_says_that_an_engine_does_not_run_here(boxes: Bench) -> None:
    findings = {f["what"]: f for f in boxes("doctor", "--json").document["findings"]}
    assert "no Docker engine runs here" in findings["host near"]["says"]
    assert "systemctl start docker" in findings["host near"]["fix"]
    assert "host far" not in findings, "no host is asked"


def test_an_engine_over_the_network_is_refused_and_the_way_is_told(bench: Bench) -> None:
    Path(bench.path / "inventory" / "hosts.yml").write_text(INVENTORY.replace("unix:///nonexistent", "tcp://10.0.0.1"))
    done = bench("validate")
    assert done.code == 2
    assert "via: HOST" in done.out + done.err


@pytest.mark.parametrize("command", [("plan", "disk-full"), ("check", "disk-full"), ("look",)])
def test_why_a_container_cannot_be_had_comes_with_what_to_do(boxes: Bench, command: tuple[str, ...]) -> None:
    out, err = io.StringIO(), io.StringIO()
    world = World(stdin=io.StringIO(), stdout=out, stderr=err, environ={"NO_COLOR": "1"}, cwd=boxes.path)
    assert run((*command, "--host", "near"), world) == 4, err.getvalue()
    assert "no Docker engine runs here" in out.getvalue()
    assert "systemctl start docker" in out.getvalue()
