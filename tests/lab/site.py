"""A site with a certificate: nginx, certbot and the ACME server Pebble as processes on loopback, in one directory."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.parts import need_programs

NAMES = ("shop.test", "www.shop.test")
BLOCKED = "blocked.test"  # a name that the CA refuses
UP_TIMEOUT_S = 60
CERTBOT_TIMEOUT_S = 120

NGINX = """
{user}
pid {root}/nginx.pid;
error_log {root}/error.log warn;
worker_processes 2;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {root}/tmp; proxy_temp_path {root}/tmp; fastcgi_temp_path {root}/tmp;
    uwsgi_temp_path {root}/tmp; scgi_temp_path {root}/tmp;
    server {{
        listen 127.0.0.1:{http};
        location /.well-known/acme-challenge/ {{ root {root}/webroot; }}
        location / {{ return 200 "plain\\n"; }}
    }}
    server {{
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {root}/ssl/fullchain.pem;
        ssl_certificate_key {root}/ssl/privkey.pem;
        include {root}/maintenance.d/*.conf;
        location = /health {{ default_type text/plain; return 200 "well\\n"; }}
        location / {{ default_type text/plain; return 200 "hello\\n"; }}
    }}
}}
"""


@dataclass
class Site:
    """The site: below `root` are `ssl` (the pair that nginx serves), `le` (certbot's), `webroot`, `nginx.conf`."""

    root: Path
    http: int
    https: int
    acme: int
    programs: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.acme}/dir"

    @property
    def config(self) -> Path:
        return self.root / "nginx.conf"

    @property
    def live(self) -> Path:
        return self.root / "le" / "live"

    # ------------------------------------------------------------ nginx

    def nginx(self, *arguments: str) -> str:
        return _said([self.programs["nginx"], "-c", str(self.config), *arguments])

    def nginx_pid(self) -> int:
        """Of the master; 0 where it does not run."""
        pid = self.root / "nginx.pid"
        number = int(pid.read_text().strip() or 0) if pid.exists() else 0
        return number if number and Path(f"/proc/{number}").exists() else 0

    def reload(self) -> None:
        """Have nginx read its files anew, and wait until no worker that read the old ones is left to answer."""
        old = self._workers()
        self.nginx("-s", "reload")
        self.until(lambda: (now := self._workers()) and not now & old)

    def _workers(self) -> set[str]:
        master = self.nginx_pid()
        return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())

    def start_nginx(self) -> None:
        if not self.nginx_pid():
            self.nginx()
        self.until(lambda: self.served() != "")

    def stop_nginx(self) -> None:
        if pid := self.nginx_pid():
            os.kill(pid, signal.SIGTERM)
            self.until(lambda: not Path(f"/proc/{pid}").exists())

    def served(self) -> str:
        """The serial that a handshake shows; "" where there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.https), 5) as plain:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                with context.wrap_socket(plain, server_hostname=NAMES[0]) as secured:
                    return serial_of(ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b""))
        except OSError:
            return ""

    def page(self, path: str = "/") -> tuple[int, dict[str, str], str]:
        """Status, headers and text of a page, over TLS."""
        out = _said(["curl", "-q", "-s", "-k", "-i", "--max-time", "5", f"https://127.0.0.1:{self.https}{path}"])
        head, _, body = out.replace("\r", "").partition("\n\n")
        first, *rest = head.splitlines()
        return int(first.split()[1]), {k.lower(): v for k, _, v in (h.partition(": ") for h in rest)}, body

    def until(self, holds: object, within_s: float = UP_TIMEOUT_S) -> None:
        deadline = time.monotonic() + within_s
        assert callable(holds)
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError("the site is not as it should be")
            time.sleep(0.05)

    # ------------------------------------------------------------ the CA

    def start_ca(self, *, may: bool = True) -> None:
        """Start Pebble and its name server; without `may` it refuses every name of the site."""
        dns, management = free_port(), free_port()
        self._begin("dns", "pebble-challtestsrv", *_name_server(dns, free_port()))
        config = {
            "pebble": {
                "listenAddress": f"127.0.0.1:{self.acme}",
                "managementListenAddress": f"127.0.0.1:{management}",
                "certificate": f"{self.root}/acme.pem",
                "privateKey": f"{self.root}/acme.key",
                "httpPort": self.http,
                "tlsPort": self.https,
                "ocspResponderURL": "",
                "externalAccountBindingRequired": False,
                "domainBlocklist": [BLOCKED, *(() if may else NAMES)],
            }
        }
        (self.root / "pebble.json").write_text(json.dumps(config))
        own = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        self._begin(
            "pebble", "pebble", "-config", f"{self.root}/pebble.json", "-dnsserver", f"127.0.0.1:{dns}", env=own
        )
        trust = ssl.create_default_context(cafile=str(self.root / "acme.pem"))
        where = f"https://127.0.0.1:{management}/roots/0"

        def is_up() -> bool:
            try:
                with urllib.request.urlopen(where, context=trust, timeout=5) as answer:
                    (self.root / "roots.pem").write_bytes(answer.read())
            except OSError:
                return False
            return True

        self.until(is_up)

    def stop_ca(self) -> None:
        for name in ("pebble", "dns"):
            process = self.processes.pop(name, None)
            if process:
                process.kill()
                process.wait(30)

    def certbot(self, *arguments: str) -> str:
        """What certbot says, with the site's own directories."""
        dirs = [
            w for d in ("config", "work", "logs") for w in (f"--{d}-dir", str(self.root / {"config": "le"}.get(d, d)))
        ]
        command = [self.programs["certbot"], *arguments, *dirs, "--server", self.server, "--non-interactive"]
        return _said(command, REQUESTS_CA_BUNDLE=str(self.root / "acme.pem"))

    def issue(self, lineage: str, *names: str) -> None:
        """A new lineage by webroot."""
        asked = [w for name in names for w in ("-d", name)]
        by = ("certonly", "--webroot", "-w", f"{self.root}/webroot", "--cert-name", lineage)
        self.certbot(*by, "--agree-tos", "-m", "ops@shop.test", "--no-eff-email", *asked)

    def install(self, lineage: str) -> None:
        """The lineage's pair as plain files where nginx reads them."""
        ssl_dir = self.root / "ssl"
        shutil.rmtree(ssl_dir, ignore_errors=True)
        ssl_dir.mkdir()
        for name, mode in (("fullchain.pem", 0o644), ("privkey.pem", 0o600)):
            (ssl_dir / name).write_bytes((self.live / lineage / name).read_bytes())
            (ssl_dir / name).chmod(mode)

    def _begin(self, name: str, *command: str, env: dict[str, str] | None = None) -> None:
        log = (self.root / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [self.programs[command[0]], *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(env or {})},
        )
        log.close()


@contextmanager
def open_site(root: Path) -> Iterator[Site]:
    """A running site, whose first lineage is `shop`. Raises LabMissingError where the parts are missing."""
    programs = need_programs(["nginx", "certbot", "pebble", "pebble-challtestsrv", "openssl", "curl"])
    site = Site(root, free_port(), free_port(), free_port(), programs)
    for name in ("tmp", "webroot", "maintenance.d", "ssl", "work", "logs"):
        (root / name).mkdir(mode=0o755, exist_ok=True)
    make_pair(root / "acme.pem", root / "acme.key", "127.0.0.1", names="IP:127.0.0.1")
    make_pair(root / "ssl" / "fullchain.pem", root / "ssl" / "privkey.pem", NAMES[0])
    site.config.write_text(
        NGINX.format(user="user root;" if os.geteuid() == 0 else "", root=root, http=site.http, https=site.https)
    )
    try:
        site.start_nginx()
        site.start_ca()
        site.issue("shop", *NAMES)
        site.install("shop")
        site.reload()
        yield site
    finally:
        site.stop_ca()
        site.stop_nginx()


def make_pair(cert: Path, key: Path, name: str, *, days: int = 90, names: str = "") -> None:
    """A certificate of its own making."""
    said = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={names or f'DNS:{name}'}", "-days", str(days)]
    _said(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert), *said])
    key.chmod(0o600)


def serial_of(pem: str) -> str:
    done = subprocess.run(
        ["openssl", "x509", "-noout", "-serial"], input=pem, capture_output=True, check=False, text=True
    )
    return done.stdout.strip().removeprefix("serial=")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _name_server(port: int, management: int) -> tuple[str, ...]:
    off = ("-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "")
    return (*off, "-defaultIPv4", "127.0.0.1", "-dns01", f"127.0.0.1:{port}", "-management", f"127.0.0.1:{management}")


def _said(command: list[str], **env: str) -> str:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=CERTBOT_TIMEOUT_S,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout
