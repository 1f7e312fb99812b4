"""An SSH server that comes as a library, for a machine without OpenSSH's: one user, one key, commands only.

Run inside the demo's host: `python -m remedy.demo.server PORT DIRECTORY UID`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

ADDRESS = "127.0.0.1"
ANSWERED_S = 0.3  # paramiko has sent its answer to a request by then
CHUNK_BYTES = 32_768  # paramiko's own default packet: transport.DEFAULT_MAX_PACKET_SIZE
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who may log in, by which key, and whom its commands run as."""

    name: str
    uid: int
    home: Path
    public_key: str  # `TYPE BASE64`


class Login(paramiko.ServerInterface):
    """What one connection may do: log in by the one key, and run commands."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        offered = f"{key.get_name()} {key.get_base64()}"
        is_known = username == self._account.name and offered == self._account.public_key
        return AUTH_SUCCESSFUL if is_known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=run_command, args=(self._account, channel, command), daemon=True).start()
        return True


def run_command(account: Account, channel: paramiko.Channel, command: bytes) -> None:
    """Run a command as the account's user between the two ends of a channel."""
    began_s = time.monotonic()
    drop = {"user": account.uid, "group": account.uid, "extra_groups": []} if os.geteuid() == 0 else {}
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=account.home,
        env={**ENVIRONMENT, "HOME": str(account.home), "USER": account.name, "LOGNAME": account.name},
        start_new_session=True,
        **drop,  # type: ignore[call-overload]
    )
    assert process.stdin and process.stdout and process.stderr
    threading.Thread(target=feed, args=(channel, process.stdin), daemon=True).start()
    errors = threading.Thread(target=drain, args=(process.stderr, channel.sendall_stderr), daemon=True)
    errors.start()
    drain(process.stdout, channel.sendall)
    errors.join()
    status = process.wait()
    # the request is answered when its handler has returned: a channel that is closed before is one that failed
    time.sleep(max(0.0, began_s + ANSWERED_S - time.monotonic()))
    try:
        channel.send_exit_status(status if status >= 0 else 128 - status)
        channel.close()
    except (OSError, EOFError, paramiko.SSHException):
        return  # the other side is gone; there is nobody to tell


def feed(channel: paramiko.Channel, target: IO[bytes]) -> None:
    """Carry what comes over the channel into a program, until either of them ends."""
    try:
        with target:
            while chunk := channel.recv(CHUNK_BYTES):
                target.write(chunk)
                target.flush()
    except OSError:
        return  # the program reads no more


def drain(source: IO[bytes], send: Callable[[bytes], None]) -> None:
    """Carry what a program writes to the channel, until either of them ends."""
    with source:
        while chunk := os.read(source.fileno(), CHUNK_BYTES):
            try:
                send(chunk)
            except (OSError, EOFError, paramiko.SSHException):
                return  # the other side reads no more


def converse(account: Account, host_key: paramiko.PKey, connection: socket.socket) -> None:
    """Begin one connection; its own thread goes on with it."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(connection)
    transport.add_server_key(host_key)
    transport.start_server(event=threading.Event(), server=Login(account))


def serve(port: int, directory: Path, uid: int) -> None:
    """Serve the demo's user on loopback, for ever."""
    host_key = paramiko.Ed25519Key.from_private_key_file(str(directory / "hostkey"))
    account = Account(
        name="demo",
        uid=uid,
        home=directory.with_name("home"),
        public_key=(directory / "authorized_keys").read_text().strip(),
    )
    with socket.create_server((ADDRESS, port)) as listener:
        sys.stderr.write("Server listening\n")  # the words of OpenSSH's server, which the demo waits for
        sys.stderr.flush()
        while True:
            converse(account, host_key, listener.accept()[0])


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
