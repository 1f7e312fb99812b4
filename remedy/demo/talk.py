"""A login of our own on the demo's host, to see for ourselves what became of it."""

from __future__ import annotations

from base64 import b64decode

import paramiko

from remedy.demo.host import ADDRESS, USER, DemoHost

DEADLINE_S = 10.0


def on_host(host: DemoHost, command: str) -> str:
    """Run a command on the host as its user and return what it prints."""
    with paramiko.SSHClient() as client:
        kind, blob = host.host_key.split()
        client.get_host_keys().add(f"[{ADDRESS}]:{host.port}", kind, paramiko.Ed25519Key(data=b64decode(blob)))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            ADDRESS,
            port=host.port,
            username=USER,
            pkey=paramiko.Ed25519Key.from_private_key_file(str(host.identity)),
            allow_agent=False,
            look_for_keys=False,
            timeout=DEADLINE_S,
        )
        _, out, _ = client.exec_command(command, timeout=DEADLINE_S)
        return out.read().decode(errors="replace")
