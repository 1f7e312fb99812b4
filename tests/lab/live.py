"""The lab for people: `make lab` starts its hosts, makes a home that knows them, and waits for Ctrl-C."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.lab.box import start_box
from tests.lab.engine import Engine, engine
from tests.lab.host import start_host
from tests.lab.parts import LabMissingError
from tests.lab.stack_host import CIRCUIT, SIRA, start_stack_host

SAYS = """
The lab is up: a site with its whole stack (sira), a plain host (plain), a container with busybox alone (box).

    export REMEDY_HOME={home}
    remedy look --host sira
    remedy drill application-down --host sira
    remedy plan disk-full --host plain

    {client} exec -it {site} bash     a shell on the site's host
    site: /srv/sira; what its files in /srv/sira/faults break is told by tests/lab/README.md

Ctrl-C ends all of it, and leaves nothing.
"""


def main() -> None:
    """Start, tell, wait, and take everything away."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    try:
        with engine() as joined, tempfile.TemporaryDirectory(prefix="remedy-lab-home-") as place:
            _begin(joined, Path(place), over)
            over.wait()
            print("\nending ...", flush=True)
    except LabMissingError as missing:
        sys.exit(f"the lab {missing}")


def _begin(joined: Engine, place: Path, over: threading.Event) -> None:
    print("starting: the site takes half a minute ...", flush=True)
    keys = place / "keys"
    keys.mkdir(mode=0o700)
    site = start_stack_host(joined, keys)
    plain = start_host(joined, keys, name="plain")
    box = start_box(joined, "remedy-lab-box")
    home = place / "home"
    for folder in (home, home / "inventory", home / "playbooks"):
        folder.mkdir(mode=0o700)
    inventory = {
        "hosts": {
            "sira": site.stack_entry(SIRA),
            "circuit": site.stack_entry(CIRCUIT),
            "plain": {**plain.entry(drillable=True), "vars": {"mount": "/srv/data", "log_dir": "/srv/data/log"}},
            "box": box.entry(),
        }
    }
    (home / "inventory" / "hosts.yml").write_text(json.dumps(inventory, indent=1), encoding="utf-8")
    if not over.is_set():
        client = f"docker -H {joined.url}"
        print(SAYS.format(home=home, client=client, site=site.container[:12]), flush=True)


if __name__ == "__main__":
    main()
