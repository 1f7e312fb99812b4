"""Containers of an engine on this machine: one exec by the docker SDK, its attached socket for a pipe.

The engine is the socket that the inventory names, or Docker's own: the environment's DOCKER_HOST never
decides which machine is changed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import cast

import docker
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from remedy.hosts.container import ANSWER_S, Found, demand_engine, demand_same, ended, engine_of, no_engine, no_such
from remedy.model import Host

ENDING_S = 2.0
PIECE_BYTES = 65_536
COMPLAINT_BYTES = 8_192
HEAD_BYTES = 8  # Docker Engine API, "Stream format": the stream, three zeros, the size in four bytes
STDERR = 2


class _Client(docker.APIClient):
    """A client that takes no password from ~/.netrc and no proxy from the environment."""

    @property
    def trust_env(self) -> bool:
        return False

    @trust_env.setter
    def trust_env(self, value: bool) -> None:
        """Its constructor would set it."""


class DockerPipe:
    """The standard streams of one command in one container."""

    def __init__(self, client: docker.APIClient, found: Found, command: list[str], user: str) -> None:
        self._client = client
        self.container = found.container
        self._exec = client.exec_create(found.id, command, stdin=True, user=user)["Id"]
        self._stream = cast("socket.SocketIO", client.exec_start(self._exec, socket=True))
        self._socket = socket.socket(fileno=os.dup(self._stream.fileno()))  # for its time limits
        self._raw = b""  # not yet taken apart
        self._left, self._is_error = 0, False  # of the frame that is being read
        self._complaint = b""

    def send(self, piece: bytes, timeout_s: float) -> None:
        self._socket.settimeout(timeout_s)
        self._socket.sendall(piece)

    def receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while True:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            raw = self._socket.recv(PIECE_BYTES)
            said = self._taken_apart(raw)
            if said or not raw:
                return said

    def _taken_apart(self, raw: bytes) -> bytes:
        """What of it is the command's standard output."""
        self._raw += raw
        said: list[bytes] = []
        while len(self._raw) >= (1 if self._left else HEAD_BYTES):
            if not self._left:
                self._is_error, self._left = self._raw[0] == STDERR, int.from_bytes(self._raw[4:HEAD_BYTES], "big")
                self._raw = self._raw[HEAD_BYTES:]
                continue
            piece, self._raw = self._raw[: self._left], self._raw[self._left :]
            self._left -= len(piece)
            if self._is_error:
                self._complaint = (self._complaint + piece)[-COMPLAINT_BYTES:]
            else:
                said.append(piece)
        return b"".join(said)

    def ending(self) -> str | None:
        deadline = time.monotonic() + ENDING_S
        while time.monotonic() < deadline:
            try:
                code = self._client.exec_inspect(self._exec)["ExitCode"]
            except (DockerException, RequestException):
                return None
            if code is not None:
                said = self._complaint.decode("utf-8", "replace").strip()
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
        client = _Client(base_url=f"unix://{engine_of(host)}", version="auto", timeout=ANSWER_S)
        said = client.inspect_container(host.address.name)
        state = said["State"]
        found = Found(said["Id"], state["StartedAt"], state["Status"], said["Name"])
        demand_same(host, found)
        return DockerPipe(client, found, ["sh", "-c", command], "0" if host.become else "")
    except NotFound as error:
        raise no_such(host) from error
    except (DockerException, RequestException, OSError) as error:
        why = error.explanation if isinstance(error, APIError) else str(error)
        raise no_engine(host, str(why)) from error
