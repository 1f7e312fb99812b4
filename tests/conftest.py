"""Fixtures and options for every test; the hosts are of tests/lab, whose README says what they are."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from secrets import token_hex

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

from tests.lab import (
    Box,
    DockerHost,
    Engine,
    LabHost,
    LabMissingError,
    Postgres,
    Sessions,
    SshdHost,
    SshdLab,
    StackHost,
    engine,
    start_box,
    start_docker_host,
    start_host,
    start_postgres,
    start_stack_host,
)
from tests.lab.site import Site, open_site
from tests.lab.sshd import sshd_lab as open_sshd_lab

signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests in the background ignores these,
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and so would the programs that the tests start and interrupt
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")  # what takes long there is no defect: what must be fast is measured alone

NewLabHost = Callable[[], LabHost]
NewBox = Callable[..., Box]
SHARED = "docker_host"  # one for all tests: asking its containers for their health takes much of a core
LONGEST = ("sira_host", SHARED)  # whose tests take minutes, the first most
WITH_A_START_S = 300  # a test has 120 s (pyproject.toml); of these hosts' the first waits for the start, too
FIXTURE_MARKERS = {"lab_engine": "lab", "sshd_lab": "sshd", "site": "lab"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let --long run what takes minutes."""
    parser.addoption("--long", action="store_true", help="run also the tests marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the parts it asks for; leave the long ones out unless they are wanted."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for fixture, marker in FIXTURE_MARKERS.items():
            if fixture in fixtures:
                item.add_marker(marker)
        if not set(LONGEST).isdisjoint(fixtures) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(WITH_A_START_S))
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    begins = {path: at for at, host in reversed(list(enumerate(LONGEST))) for path in _files_with(host, items)}
    items.sort(
        key=lambda item: begins.get(item.path, len(LONGEST))
    )  # side by side, what takes longest must not be last


def _files_with(host: str, items: list[pytest.Item]) -> set[Path]:
    """The files of which a test asks for this host."""
    return {item.path for item in items if host in getattr(item, "fixturenames", ())}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Side by side, each file's tests are for one worker; so are those of all files that share one host."""
    return _ByHost(config, log)


class _ByHost(LoadFileScheduling):
    """The scheduler of `--dist loadfile`, for which the files that name the shared host are one."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return SHARED if _names_the_shared_host(path) else path


@cache
def _names_the_shared_host(path: str) -> bool:
    return SHARED in Path(path).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def lab_engine() -> Iterator[Engine]:
    """The lab's Docker engine; the tests that need it are skipped where it cannot be had."""
    try:
        with engine() as running:
            yield running
    except LabMissingError as missing:
        pytest.skip(f"the lab {missing}")


@pytest.fixture(scope="session")
def _lab_host_start(lab_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> NewLabHost:
    """Starts test hosts, each with a name of its own."""
    keys_dir = tmp_path_factory.mktemp("lab-keys")
    numbers = count(1)
    return lambda: start_host(lab_engine, keys_dir, name=f"lab{next(numbers)}")


@pytest.fixture(scope="module")
def lab_host(_lab_host_start: NewLabHost) -> Iterator[LabHost]:
    """One test host for all tests of a module, which leave it as they found it."""
    host = _lab_host_start()
    yield host
    host.stop()


@pytest.fixture
def fresh_lab_host(_lab_host_start: NewLabHost) -> Iterator[LabHost]:
    """A test host for this test alone."""
    host = _lab_host_start()
    yield host
    host.stop()


@pytest.fixture
def new_lab_host(_lab_host_start: NewLabHost) -> Iterator[NewLabHost]:
    """Starts test hosts for this test alone, as many as it calls for."""
    hosts: list[LabHost] = []

    def start() -> LabHost:
        hosts.append(_lab_host_start())
        return hosts[-1]

    yield start
    for host in hosts:
        host.stop()


@pytest.fixture
def new_box(lab_engine: Engine) -> Iterator[NewBox]:
    """Starts containers for this test alone, each with the options of `docker run` that it calls for."""
    boxes: list[Box] = []

    def start(*options: str, **how: str) -> Box:
        boxes.append(start_box(lab_engine, f"box-{token_hex(4)}", *options, **how))
        return boxes[-1]

    yield start
    for box in boxes:
        box.remove()


@pytest.fixture(scope="module")
def box(lab_engine: Engine) -> Iterator[Box]:
    """One container for all tests of a module, which leave it as they found it."""
    box = start_box(lab_engine, f"box-{token_hex(4)}")
    yield box
    box.remove()


@pytest.fixture(scope="session")
def _shop_host(lab_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerHost]:
    """One test host with a Docker engine of its own."""
    try:
        host = start_docker_host(lab_engine, tmp_path_factory.mktemp("docker-keys"), name="docks")
    except LabMissingError as missing:
        pytest.skip(f"the lab {missing}")
    yield host
    host.stop()


@pytest.fixture(scope="module")
def docker_host(_shop_host: DockerHost) -> DockerHost:
    """The host with an engine of its own, its shop brought to where it is at first; tests leave it as they found it."""
    _shop_host.begin_again()
    return _shop_host


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this machine for a module, whose tests leave it as it was; its socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="remedy-pg-"))
    try:
        running = start_postgres(folder)
        yield running
        running.stop()
    except LabMissingError as missing:
        pytest.skip(f"the lab {missing}")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def sessions(postgres: Postgres) -> Iterator[Sessions]:
    """Sessions of PostgreSQL for this test alone."""
    opened = Sessions(postgres)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sira_host(lab_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackHost]:
    """One test host with the whole site on it for a module, whose tests leave it as they found it."""
    try:
        host = start_stack_host(lab_engine, tmp_path_factory.mktemp("site-keys"))
    except LabMissingError as missing:
        pytest.skip(f"the lab {missing}")
    yield host
    host.stop()


@pytest.fixture(scope="module")
def sshd_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshdLab]:
    """Starts plain sshd hosts for the tests of a module."""
    try:
        with open_sshd_lab(tmp_path_factory.mktemp("sshd-keys")) as lab:
            yield lab
    except LabMissingError as missing:
        pytest.skip(f"the lab {missing}")


@pytest.fixture(scope="module")
def sshd_host(sshd_lab: SshdLab) -> SshdHost:
    """One sshd host, reached as root, for all tests of a module."""
    return sshd_lab.start()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx with a certificate, certbot and an ACME server, for one module: what one renews is not what another has."""
    try:
        with open_site(tmp_path_factory.mktemp("site")) as running:
            yield running
    except LabMissingError as missing:
        pytest.skip(f"the lab {missing}")
