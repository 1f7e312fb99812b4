"""`python -m tests.e2e.write_terminal` writes docs/terminal.md anew, from real runs on a host of the lab; as root."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.e2e.home import Home
from tests.e2e.night import PAGE, WEB_HOSTS, Night, page
from tests.lab import engine, start_host
from tests.lab.relay import Relay
from tests.lab.sshd import sshd_lab

if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="remedy-night-") as folder,
        engine() as running,
        sshd_lab(Path(folder)) as lab,
    ):
        host = start_host(running, Path(folder), name="prod1")
        try:
            (Path(folder) / "home").mkdir()
            with Relay(("127.0.0.1", host.port)) as relay:
                night = Night.of(Home(Path(folder) / "home"), host, relay, lab.start_many(WEB_HOSTS), timings=5)
                PAGE.write_text(page(list(night.scenes())))
        finally:
            host.stop()
