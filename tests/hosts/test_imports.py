"""What reaching a host by SSH loads, and what it leaves alone."""

import subprocess
import sys

REACH = """
import sys
from remedy.cli.wiring import SystemClock
from remedy.errors import RemedyError
from remedy.hosts.secrets import resolve_secret
from remedy.hosts.transport import Hosts
from remedy.load.addresses import parse_address
from remedy.model import Host
try:
    Hosts(resolve_secret, SystemClock()).connect(Host(name="h", address=parse_address("ssh://root@127.0.0.1:1")))
except RemedyError:
    print("paramiko" in sys.modules, *(name in sys.modules for name in ("invoke", "asyncio", "docker", "fabric")))
import invoke, paramiko.config
print(invoke.Context is not None)
"""


def test_a_host_is_reached_without_the_libraries_that_are_not_needed() -> None:
    done = subprocess.run([sys.executable, "-c", REACH], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["True False False False False", "True"], done
