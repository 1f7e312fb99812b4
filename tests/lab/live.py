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

    export REMEDY_HOME={home} PATH="{programs}:$PATH"
    remedy list hosts
    remedy look --host sira
    remedy drill application-down --host sira     every playbook that is shipped has a drill: docs/drills.md
    remedy plan disk-full --host plain

    {client} exec -it {site} bash     a shell on the site's host
    site: /srv/sira; what its files in /srv/sira/faults break is told by tests/lab/README.md

Ctrl-C ends all of it, and leaves nothing.
"""


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Start, tell, wait, and take everything away; told to end while it starts, it ends then and there."""
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        with engine() as joined, tempfile.TemporaryDirectory(prefix="remedy-lab-home-") as place:
            try:
                _begin(joined, Path(place))
                threading.Event().wait()
            except KeyboardInterrupt:
                for number in SIGNALS:
                    signal.signal(number, signal.SIG_IGN)  # what was started is taken away, however often one asks
                print("\nending ...", flush=True)
        print("nothing is left", flush=True)
    except LabMissingError as missing:
        sys.exit(f"the lab {missing}")


def _begin(joined: Engine, place: Path) -> None:
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
    client, programs = f"docker -H {joined.url}", Path(sys.executable).parent
    print(SAYS.format(home=home, client=client, site=site.container[:12], programs=programs), flush=True)


if __name__ == "__main__":
    main()
