"""Real hosts to test against; README.md beside says what is where."""

from tests.lab.engine import Engine, engine
from tests.lab.host import DISK, DISK_BYTES, HEALTH, LOG, QUARANTINE, QUARANTINE_BYTES, LabHost, start_host
from tests.lab.keys import Key, make_key
from tests.lab.parts import LabMissingError
from tests.lab.relay import Relay, Way
from tests.lab.sshd import SshdHost, SshdLab

__all__ = [
    "DISK",
    "DISK_BYTES",
    "HEALTH",
    "LOG",
    "QUARANTINE",
    "QUARANTINE_BYTES",
    "Engine",
    "Key",
    "LabHost",
    "LabMissingError",
    "Relay",
    "SshdHost",
    "SshdLab",
    "Way",
    "engine",
    "make_key",
    "start_host",
]
