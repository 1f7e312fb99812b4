"""The site: a test host that runs a whole stack as a real one does, with certificates and backups, to be broken."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from remedy.actions.catalogue import shell_of
from tests.lab.docker_host import ITS_OWN_ENGINE, QUIETER
from tests.lab.engine import Engine, file_of, image_of
from tests.lab.host import LabHost, start_host
from tests.lab.image import SITE, STACK, tar_of
from tests.lab.keys import Key

FILES = Path(__file__).parent / "stack_files"  # not in the image: it need not be built anew for a word in them
BEGIN_TIMEOUT_S = 170  # from nothing to a stack that is healthy and has its certificate; some 25 s on an idle machine
NAMES = ("sira.test", "api.sira.test")
LOGS = "/srv/sira/logs"  # a filesystem of its own, small enough to be filled
LOGS_BYTES = 64 << 20
SERVICES = {"db": 1, "redis": 1, "vendor": 1, "backend": 1, "worker": 2, "frontend": 1, "nginx": 1}

# What the site is called and where its parts are, as an inventory says it; the playbooks know none of it.
SIRA: dict[str, object] = {
    "project": "sira",
    "compose_file": "/srv/sira/docker-compose.prod.yml",
    "services": ["backend", "worker", "frontend", "nginx"],
    "backend_service": "backend",
    "worker_service": "worker",
    "nginx_service": "nginx",
    "db_service": "db",
    "redis_service": "redis",
    "database": "sira",
    "db_user": "postgres",
    "app_user": "app",
    "health_url": "http://127.0.0.1:8000/health",
    "system_health_url": "http://127.0.0.1:8000/health/system",
    "site_url": "https://sira.test/",
    "latency_url": "http://127.0.0.1:8000/items",
    "queue_key": "jobs",
    "mount": LOGS,
    "log_dir": LOGS,
    "logs": [f"{LOGS}/backend/*.log", f"{LOGS}/nginx/*.log"],
    "access_log": "/srv/sira/logs/nginx/access.log",
    "app_log": "/srv/sira/logs/backend/app.log",
    "backup_dir": "/backups",
    "backup_match": "sira_*",
    "cert_name": "sira.test",
    "tls_address": "127.0.0.1",
    "tls_name": "sira.test",
    "cert_lineage": "/etc/letsencrypt/live/sira.test",
    "cert_dir": "/srv/sira/nginx/ssl",
    "cert_webroot": "/srv/sira/nginx/webroot",
    "cert_ca": "/etc/pebble/root.pem",
    "acme_server": "https://localhost:14000/dir",
    "acme_ca": "/etc/pebble/cert.pem",
    "maintenance_dir": "/srv/sira/nginx/maintenance",
    "vendor_url": "http://127.0.0.1:8088/v1/models",
    "vendor_urls": ["http://127.0.0.1:8088/v1/models"],
    "recommendations_url": "http://127.0.0.1:8000/recommendations",
    "workers": 4,
    "workers_most": 8,
}
CIRCUIT: dict[str, object] = {
    "project": "circuit",
    "compose_file": "/srv/circuit/docker-compose.prod.yml",
    "services": ["backend", "frontend"],
    "backend_service": "backend",
    "db_service": "postgres",
    "redis_service": "redis",
    "database": "circuit_sage_db",
    "db_user": "circuit_sage_user",
    "app_user": "circuit_sage_user",
    "health_url": "http://127.0.0.1:9000/api/health",
    "system_health_url": "http://127.0.0.1:9000/api/health/system",
    "site_url": "http://127.0.0.1:9001/",
    "latency_url": "http://127.0.0.1:9000/items",
    "log_dir": "/srv/circuit/logs",
    "app_log": "/srv/circuit/logs/app.log",
    "backup_dir": "/backups",
    "backup_match": "circuit_*",
}


@dataclass(frozen=True, kw_only=True)
class StackHost(LabHost):
    """A running test host with the site on it."""

    def docker(self, command: str, *, timeout_s: float = 60) -> str:
        """What `docker COMMAND` prints on the host; raises RuntimeError when it fails."""
        return self.sh(f"docker {command}", timeout_s=timeout_s)

    def compose(self, command: str, *, site: str = "sira", timeout_s: float = 120) -> str:
        """What `docker compose COMMAND` prints for a site."""
        return self.docker(f"compose --file /srv/{site}/docker-compose.prod.yml {command}", timeout_s=timeout_s)

    def up(self, site: str = "sira") -> None:
        """Bring a site's services to where they are at first: anew where they are not as in the file, and healthy."""
        self.sh(f"rm -f /srv/{site}/faults/*")
        file = f"/srv/{site}/docker-compose.prod.yml"
        up = f"docker compose --file {file} up --detach --wait --quiet-pull --remove-orphans"
        self.sh(f"for n in 1 2 3 4 5; do {up} && exit; sleep 3; done; exit 1", timeout_s=150)  # it waits for no ill one

    def start_circuit(self) -> None:
        """Start the second site, whose names are others."""
        self.up("circuit")

    def psql(self, sql: str, *, database: str = "sira", service: str = "sira-db-1") -> str:
        """What a query answers, unaligned and without headings."""
        return self.sh(
            f"docker exec -i --user postgres {service} psql -qAtX -v ON_ERROR_STOP=1 {database}", stdin=sql.encode()
        ).strip()

    def redis(self, command: str) -> str:
        """What redis-cli answers."""
        return self.docker(f"exec sira-redis-1 redis-cli {command}").strip()

    def http(self, url: str, options: str = "") -> int:
        """The status that a URL answers on the host; 0 where nobody does."""
        asked = f"curl -s -o /dev/null -w '%{{http_code}}' -m 10 --cacert /etc/pebble/root.pem {options} {url} || :"
        return int(self.sh(asked).strip() or "0")

    def fault(self, name: str, value: str = "1", *, site: str = "sira") -> None:
        """Break a part: fail, slow, leak, hang, vendor-down, vendor-slow. `up` heals all of them."""
        self.sh(f"printf {value} >/srv/{site}/faults/{name}")

    def serial(self) -> str:
        """The serial number of the certificate that is served."""
        served = "openssl s_client -connect 127.0.0.1:443 -servername sira.test </dev/null 2>/dev/null"
        return self.sh(f"{served} | openssl x509 -noout -serial").strip().partition("=")[2]

    def serve_short_lived(self) -> None:
        """Have a certificate of nobody's served, good for five days yet; certbot's lies where it was put."""
        made = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 5 -subj /CN=sira.test"
        self.sh(
            "cd /srv/sira/nginx/ssl && rm -f fullchain.pem privkey.pem && openssl req -x509 -addext"
            f" subjectAltName=DNS:sira.test,DNS:api.sira.test {made} -keyout privkey.pem -out fullchain.pem 2>/dev/null"
            " && docker exec sira-nginx-1 nginx -s reload 2>/dev/null && sleep 1"
        )

    def stack_entry(self, variables: dict[str, object] | None = None, **over: object) -> dict[str, object]:
        """The host as an inventory names it, with what the site is called; it may be drilled."""
        entry = self.entry(drillable=True, **over)
        return {**entry, "vars": SIRA if variables is None else variables}


def start_stack_host(
    engine: Engine, keys_dir: Path, *, name: str = "sira", user: str = "deploy", identity: Key | None = None
) -> StackHost:
    """Start a test host with the site on it, and wait until it is healthy and serves its certificate."""
    stack = file_of(STACK)
    options = (
        *ITS_OWN_ENGINE.options,
        f"--tmpfs={LOGS}:size={LOGS_BYTES},mode=755",
        f"--volume={stack}:/usr/local/lib/lab/stack.tar:ro",
        *(f"--add-host={name}:127.0.0.1" for name in NAMES),
    )
    build = ITS_OWN_ENGINE.of(image_of(SITE, engine), options)
    plain = start_host(engine, keys_dir, name=name, user=user, identity=identity, build=build)
    host = StackHost(**{f.name: getattr(plain, f.name) for f in fields(plain)})
    try:
        host.sh(QUIETER)
        engine.docker("cp", "-", f"{host.container}:/", stdin=tar_of(FILES))
        functions = shell_of("common") + shell_of("backup")
        host.sh("mkdir -p /usr/local/lib/lab && cat >/usr/local/lib/lab/backup.sh", stdin=functions)
        host.sh("site-begin", timeout_s=BEGIN_TIMEOUT_S)
    except BaseException:
        host.stop()
        raise
    return host
