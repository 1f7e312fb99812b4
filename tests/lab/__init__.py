"""Real hosts to test against; README.md beside says what is where."""

from tests.lab.box import Box, busybox_image, busybox_tar, start_box
from tests.lab.docker_host import COMPOSE_FILE, SERVICE_IMAGE, SHOP, DockerHost, start_docker_host
from tests.lab.engine import Engine, engine
from tests.lab.host import DISK, DISK_BYTES, HEALTH, LOG, QUARANTINE, QUARANTINE_BYTES, LabHost, start_host
from tests.lab.keys import Key, make_key
from tests.lab.parts import LabMissingError
from tests.lab.postgres import Postgres, Sessions, start_postgres
from tests.lab.relay import Relay, Way
from tests.lab.sshd import SshdHost, SshdLab
from tests.lab.stack_host import CIRCUIT, SIRA, StackHost, start_stack_host

__all__ = [
    "CIRCUIT",
    "COMPOSE_FILE",
    "DISK",
    "DISK_BYTES",
    "HEALTH",
    "LOG",
    "QUARANTINE",
    "QUARANTINE_BYTES",
    "SERVICE_IMAGE",
    "SHOP",
    "SIRA",
    "Box",
    "DockerHost",
    "Engine",
    "Key",
    "LabHost",
    "LabMissingError",
    "Postgres",
    "Relay",
    "Sessions",
    "SshdHost",
    "SshdLab",
    "StackHost",
    "Way",
    "busybox_image",
    "busybox_tar",
    "engine",
    "make_key",
    "start_box",
    "start_docker_host",
    "start_host",
    "start_postgres",
    "start_stack_host",
]
