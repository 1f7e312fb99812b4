"""logs.logrotate with a test host's own logrotate."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Change, Host
from tests.actions import kit
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import LabHost

CONFIG, FOLDER = "/etc/logrotate.d/drilled", "/srv/data/rotated"
RULES = ("weekly", "rotate 2", "create 0640 root root", "postrotate", f"echo told >>{FOLDER}/told", "endscript")
WEEKLY = "\n ".join((f"{FOLDER}/*.log {{", *RULES)) + "\n}\n"


@pytest.fixture
def there(lab_host: LabHost) -> Iterator[FarEnd]:
    yield far_end_in(lab_host)
    lab_host.sh(f"rm -rf {CONFIG} {FOLDER}; rmdir /run/remedy-logrotate.* 2>/dev/null; true")


def _sick(lab_host: LabHost, config: str = WEEKLY, generations: int = 1) -> None:
    lab_host.sh(f"cat >{CONFIG}", stdin=config.encode())
    names = " ".join(f"'{FOLDER}/big one.log.{n}'" for n in range(1, generations + 1))
    lab_host.sh(
        f"rm -rf {FOLDER}; mkdir -p {FOLDER}; cd {FOLDER}; yes line | head -c 200000 >'big one.log'; echo s >small.log;"
        f' for f in {names}; do echo old >"$f"; done'
    )


def _healthy(lab_host: LabHost) -> None:
    _sick(lab_host)
    lab_host.sh(f"cd {FOLDER}; echo s >'big one.log'")


def _texts(lab_host: LabHost) -> str:
    return lab_host.sh(f'cd {FOLDER}; for f in *; do cksum <"$f"; echo "$f"; done; cat /var/lib/logrotate/status; true')


PARAMS = {"config": CONFIG, "larger_than": "100KiB"}


@pytest.mark.parametrize(
    "proof", [p for p in kit.PROOFS if p is not kit.killed_inside_an_operation_it_converges], ids=lambda p: p.__name__
)
def test_the_kit_with_logrotate(
    proof: Callable[[Played], None], there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host, tmp_path: Path
) -> None:
    scene = Scene(
        "logs.logrotate",
        "logs.logrotate",
        lambda _: {**PARAMS},
        lambda _: _sick(lab_host),
        lambda _: _healthy(lab_host),
        lambda _: _texts(lab_host),
    )
    proof(play(scene, Ground(tmp_path, tmp_path), there, catalogue, host))


def _planned(there: FarEnd, catalogue: Catalogue, host: Host) -> Change:
    action = catalogue.action("logs.logrotate", PARAMS)
    reply = there.look(action.look(host))
    assert reply.answered, reply.error
    change = action.plan(action.see(reply))
    assert change is not None
    return change


def test_only_what_is_too_large_is_rotated_and_its_writer_is_told(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    _sick(lab_host, generations=2)
    change = _planned(there, catalogue, host)
    assert change.undo.kind == "impossible"
    assert any("big one.log.2" in line and "permanent" in line for line in change.lines)
    assert there.act(change.operations[0]).returncode == 0
    assert lab_host.sh(f"cd {FOLDER}; ls; wc -c <'big one.log.1'; cat small.log told") == (
        "big one.log\nbig one.log.1\nbig one.log.2\nsmall.log\ntold\n200000\ns\ntold\n"
    )
    assert "remedy-logrotate" not in lab_host.sh("ls /run")


def test_fault_078_one_that_would_be_copied_and_truncated_is_refused(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    _sick(lab_host, config=WEEKLY.replace("create 0640 root root", "copytruncate"))
    with pytest.raises(Refused, match="copies and truncates"):
        _planned(there, catalogue, host)


def test_a_changed_configuration_is_not_carried_out(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    _sick(lab_host)
    change = _planned(there, catalogue, host)
    lab_host.sh(f"echo '# more' >>{CONFIG}")
    done = there.act(change.operations[0])
    assert done.returncode != 0
    assert b"not as it was planned on" in done.stderr
    assert lab_host.sh(f"wc -c <'{FOLDER}/big one.log'").strip() == "200000"


def test_a_configuration_that_logrotate_refuses_cannot_be_told(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    _sick(lab_host, config=f"{FOLDER}/*.log {{\n rotate two\n}}\n")
    reply = there.look(catalogue.action("logs.logrotate", PARAMS).look(host))
    assert not reply.answered
    assert "logrotate refuses" in reply.error
