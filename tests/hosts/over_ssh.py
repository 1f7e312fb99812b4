"""Sessions over real SSH with the lab's hosts."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from remedy.errors import RemedyError
from remedy.hosts.session import HostSession
from remedy.hosts.transport import Hosts
from remedy.model import Address, Host, SecretRef
from remedy.secret import Secret
from tests.hosts.far import SystemClock, functions
from tests.lab.sshd import SshdHost


def host_of(sshd: SshdHost, *, user: str = "", become: bool = False, port: int = 0) -> Host:
    """The host as an inventory would name it; `port` is a relay's on 127.0.0.1."""
    address = Address(scheme="ssh", name=sshd.address, port=sshd.port, user=user or sshd.user)
    if port:
        address = replace(address, name="127.0.0.1", port=port)
    return Host(name=sshd.name, address=address, identity=str(sshd.identity), host_key=(sshd.host_key,), become=become)


def nowhere() -> Host:
    """A host at a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Host(name="nowhere", address=Address(scheme="ssh", name="127.0.0.1", port=port, user="root"))


class Reach:
    """A transport with the tests' own functions; `secrets` are what references stand for."""

    def __init__(self, **others: Host) -> None:
        self.secrets: dict[str, str] = {}
        self.hosts = Hosts(self._resolve, SystemClock(), others=others, shell_of=functions)

    def _resolve(self, reference: SecretRef) -> Secret:
        return Secret(self.secrets[reference.secret])

    def connect(self, host: Host) -> HostSession:
        session = self.hosts.connect(host)
        session.talk.slack_s = 10
        return session

    def close(self) -> None:
        self.hosts.close()


def refused(reach: Reach, host: Host) -> RemedyError:
    """What reaching this host raises."""
    with pytest.raises(RemedyError) as error:
        reach.connect(host).look([])
    return error.value
