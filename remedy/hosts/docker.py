"""Containers of an engine on this machine: one exec by the docker SDK, its attached socket for a pipe.

The engine is the socket that the inventory names, or Docker's own: the environment's DOCKER_HOST never
decides which machine is changed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Any, cast

import docker
import requests
from docker.constants import MINIMUM_DOCKER_API_VERSION
from docker.errors import APIError, DockerException, NotFound
from docker.transport import UnixHTTPAdapter
from docker.utils import version_lt
from requests.exceptions import RequestException

from remedy.hosts.container import ANSWER_S, Found, demand_engine, demand_same, ended, engine_of, no_engine, no_such
from remedy.hosts.streams import Streams
from remedy.model import Host

ENDING_S = 2.0
PIECE_BYTES = 65_536


class _Client(docker.APIClient):
    """The library's client for one socket, without what its own constructor takes from elsewhere.

    That reads ~/.docker/config.json with all passwords in it (and fails on a broken one); and every
    request would look into ~/.netrc and for a proxy in the environment.
    """

    def __init__(self, path: str) -> None:
        requests.Session.__init__(self)
        self.trust_env = False
        self.base_url, self.timeout = "http+docker://localhost", ANSWER_S
        self._general_configs: dict[str, object] = {}
        self.mount("http+docker://", UnixHTTPAdapter(f"http+unix://{path}", ANSWER_S))
        self._version = str(self.version(api_version=False)["ApiVersion"])
        if version_lt(self._version, MINIMUM_DOCKER_API_VERSION):
            raise DockerException(f"its API {self._version} is older than {MINIMUM_DOCKER_API_VERSION}: update it")


class DockerPipe:
    """The standard streams of one command in one container."""

    def __init__(self, client: docker.APIClient, found: Found, command: list[str], user: str) -> None:
        self._client = client
        self.container = found.container
        self._exec = client.exec_create(found.id, command, stdin=True, user=user)["Id"]
        self._stream = cast("socket.SocketIO", client.exec_start(self._exec, socket=True))
        self._socket = socket.socket(fileno=os.dup(self._stream.fileno()))  # for its time limits
        self._streams = Streams()

    def send(self, piece: bytes, timeout_s: float) -> None:
        self._socket.settimeout(timeout_s)
        self._socket.sendall(piece)

    def receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while True:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            raw = self._socket.recv(PIECE_BYTES)
            said = self._streams.feed(raw)
            if said or not raw:
                return said

    def ending(self) -> str | None:
        deadline = time.monotonic() + ENDING_S
        while time.monotonic() < deadline:
            try:
                code = self._client.exec_inspect(self._exec)["ExitCode"]
            except (DockerException, RequestException):
                return None
            if code is not None:
                said = self._streams.complaint.decode("utf-8", "replace").strip()
                return ended(said or f"it ended with {code}")
            time.sleep(0.01)
        return None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # the other end may be gone already
        self._socket.close()
        self._stream.close()
        self._client.close()


def open_pipe(host: Host, command: str) -> DockerPipe:
    """Run a command in a container, as root where the host is to `become`, else as the container's own user.

    Raises Stale when it is not the container that the host must be, Unsafe for an engine of somebody
    else's, Unreachable for everything else.
    """
    demand_engine(host)
    try:
        client = _Client(engine_of(host))
        found = _found(client.inspect_container(host.address.name))
        demand_same(host, found)
        return DockerPipe(client, found, ["sh", "-c", command], "0" if host.become else "")
    except NotFound as error:
        raise no_such(host) from error
    except (DockerException, RequestException, OSError) as error:
        why = error.explanation if isinstance(error, APIError) else str(error)
        raise no_engine(host, str(why)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise no_engine(host, "its answer makes no sense") from error


def _found(said: Any) -> Found:
    state = said["State"]
    return Found(str(said["Id"]), str(state["StartedAt"]), str(state["Status"]), str(said["Name"]))
