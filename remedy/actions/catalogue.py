"""All actions and checks by name: a value that is passed, not a global that is filled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from remedy.actions.action import Action, Check, Verb
from remedy.errors import Invalid
from remedy.model import Json

V = TypeVar("V", bound=Verb)

FAMILIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # the actions of each, and its checks
    "backup": (("backup.create", "backup.test"), ("backup.fresh", "backup.valid")),
    "backup_prune": (("backup.prune",), ()),
    "backup_restore": (("backup.restore",), ("backup.matches",)),
    "cert_deploy": (("cert.deploy",), ()),
    "cert_renew": (("cert.renew",), ()),
    "command": (("command.run",), ()),
    "compose": (("compose.restart",), ("compose.status",)),
    "compose_policy": ((), ("compose.policy",)),
    "compose_scale": (("compose.scale",), ()),
    "compose_state": (("compose.stop", "compose.start"), ()),
    "compose_up": (("compose.up",), ()),
    "dir": (("dir.make",), ()),
    "disk": ((), ("disk.free", "disk.top")),
    "docker": (("docker.prune",), ()),
    "docker_disk": ((), ("docker.disk",)),
    "docker_logs": (("docker.logs_truncate",), ()),
    "docker_stats": ((), ("docker.stats",)),
    "fault_cert": (("fault.cert_expire",), ()),
    "fault_file": (("fault.file_put",), ()),
    "fault_log": (("fault.log_flood",), ()),
    "fault_memory": (("fault.memory_leak",), ()),
    "fault_queue": (("fault.queue_backlog",), ()),
    "fault_backup": (("fault.backup_corrupt",), ()),
    "fault_command": (("fault.command",), ()),
    "fault_container": (("fault.container_stop", "fault.container_hang"), ()),
    "fault_database": (("fault.database_damage",), ()),
    "fault_disk": (("fault.disk_fill",), ()),
    "fault_service": (("fault.service_stop", "fault.service_hang"), ()),
    "file": (("file.put",), ()),
    "file_matches": ((), ("file.matches",)),
    "file_remove": (("file.remove",), ()),
    "files": (("files.prune",), ()),
    "host": ((), ("host.state",)),
    "host_usage": ((), ("host.memory", "host.cpu")),
    "http": ((), ("http.ok",)),
    "logrotate": (("logs.logrotate",), ()),
    "logs": (("logs.rotate",), ()),
    "logs_http": ((), ("logs.http_errors",)),
    "logs_scan": ((), ("logs.scan",)),
    "maintenance": (("maintenance.enable", "maintenance.disable"), ()),
    "net": ((), ("port.open",)),
    "oom": ((), ("oom.events",)),
    "nginx": (("nginx.reload",), ("nginx.config",)),
    "pg": ((), ("pg.ready", "pg.connections", "pg.slow")),
    "pg_terminate": (("pg.terminate",), ()),
    "process": ((), ("process.running",)),
    "process_end": (("process.terminate",), ()),
    "queue": ((), ("queue.length",)),
    "service": (("service.restart",), ()),
    "timer": ((), ("timer.armed",)),
    "tls": ((), ("tls.expiry", "tls.served")),
}
SHELL_FILES = {  # of families whose functions are more than one file; read in this order
    "backup": (
        *("docker_engine", "compose_one", "pg_reach", "backup_at", "backup_seen", "backup_take", "backup_scratch"),
        "backup",
    ),
    "backup_prune": (
        *("docker_engine", "compose_one", "pg_reach", "backup_at", "backup_seen", "backup_take", "backup_scratch"),
        *("backup", "files", "files_take", "files_back", "backup_prune"),
    ),
    "backup_restore": (
        *("docker_engine", "compose_one", "pg_reach", "backup_at", "backup_seen", "backup_take", "backup_scratch"),
        *("backup", "backup_restore", "backup_swap"),
    ),
    "fault_cert": ("docker_engine", "compose_one", "nginx_reach", "pem", "cert_pair", "cert_deploy", "fault_cert"),
    "maintenance": ("docker_engine", "compose_one", "nginx_reach", "http", "maintenance"),
    "nginx": ("docker_engine", "compose_one", "nginx_reach", "nginx"),
    "cert_renew": ("pem", "restarts", "cert_renew"),
    "cert_deploy": ("docker_engine", "compose_one", "nginx_reach", "pem", "cert_pair", "cert_deploy"),
    "compose": ("docker_engine", "restarts", "compose_doing", "compose"),
    "compose_policy": ("docker_engine", "compose_policy"),
    "compose_scale": ("docker_engine", "compose_one", "pg_reach", "compose_doing", "compose_file", "compose_scale"),
    "compose_state": ("docker_engine", "compose_doing", "compose_file", "compose_state"),
    "compose_up": ("docker_engine", "compose_doing", "compose_file", "compose_diff", "compose_up"),
    "dir": ("accounts", "dir"),
    "docker": ("docker_engine", "docker"),
    "docker_disk": ("docker_engine", "docker_disk"),
    "docker_logs": ("docker_engine", "docker_logs"),
    "docker_stats": ("docker_engine", "docker_stats"),
    "fault_file": ("accounts", "files", "file"),
    "fault_memory": ("docker_engine", "compose_one", "fault_memory"),
    "fault_queue": ("docker_engine", "compose_one", "queue_reach", "fault_queue"),
    "fault_backup": ("backup_seen", "fault_backup"),
    "fault_command": ("command", "fault_command"),
    "fault_database": ("docker_engine", "compose_one", "pg_reach", "fault_database"),
    "fault_container": ("docker_engine", "fault_container"),
    "file": ("accounts", "files", "file"),
    "file_remove": ("files", "files_take", "files_back", "file_remove"),
    "files": ("files", "files_take", "files_back"),
    "host": ("timer", "host"),
    "logs": ("logs", "logs_writers", "logs_move"),
    "logs_http": ("docker_engine", "log_source", "logs_http"),
    "logs_scan": ("docker_engine", "log_source", "logs_scan"),
    "queue": ("docker_engine", "compose_one", "queue_reach", "queue"),
    "oom": ("docker_engine", "oom"),
    "pg": ("docker_engine", "compose_one", "pg_reach", "pg_sessions", "pg"),
    "pg_terminate": ("docker_engine", "compose_one", "pg_reach", "pg_sessions", "pg_terminate"),
    "service": ("restarts", "service"),
    "tls": ("pem", "tls"),
}


@dataclass(frozen=True)
class Catalogue:
    """The actions and checks that a playbook may name."""

    actions: Mapping[str, type[Action[Any]]]
    checks: Mapping[str, type[Check]]

    def action(self, name: str, params: Mapping[str, Json]) -> Action[Any]:
        """Raises Invalid for an unknown name or a wrong parameter."""
        return _known(self.actions, name, "action").of(params)

    def check(self, name: str, params: Mapping[str, Json]) -> Check:
        """Raises Invalid for an unknown name or a wrong parameter."""
        return _known(self.checks, name, "check").of(params)


def _known(known: Mapping[str, type[V]], name: str, what: str) -> type[V]:
    if name not in known:
        raise Invalid(f"no {what} is called {name}", fix=f"one of: {', '.join(known)}")
    return known[name]


@dataclass(frozen=True)
class _OnDemand(Mapping[str, type[V]]):
    """Verbs by name, each family imported when one of its verbs is asked for: a validate needs few of them."""

    family_of: Mapping[str, str]

    def __getitem__(self, name: str) -> type[V]:
        verbs: tuple[type[V], ...] = import_module(f"remedy.actions.{self.family_of[name]}").VERBS
        return next(v for v in verbs if v.name == name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.family_of)

    def __len__(self) -> int:
        return len(self.family_of)


def shipped() -> Catalogue:
    """Every action and check of remedy."""
    return Catalogue(
        actions=_OnDemand[Action[Any]]({name: family for family, (names, _) in FAMILIES.items() for name in names}),
        checks=_OnDemand[Check]({name: family for family, (_, names) in FAMILIES.items() for name in names}),
    )


@cache
def shell_of(family: str) -> bytes:
    """The shell functions of a family. Raises Invalid for a family that is not shipped."""
    if family not in (*FAMILIES, "common"):
        raise Invalid(f"no shell functions are called {family}")
    return b"".join(_beside(f"{name}.sh") for name in SHELL_FILES.get(family, (family,)))


@cache
def version_of(family: str) -> str:
    """A hash of a family's own code; a plan made with another one is void."""
    code = _beside(f"{family}.py")
    return hashlib.sha256(b"\0".join((code, shell_of(family), shell_of("common")))).hexdigest()[:16]


def _beside(name: str) -> bytes:
    """A file that is shipped beside the actions."""
    from importlib import resources  # noqa: PLC0415 — costs a validate more than all else of this file

    return resources.files("remedy.actions").joinpath(name).read_bytes()
