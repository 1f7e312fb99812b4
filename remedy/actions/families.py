"""Which families of actions and checks there are, in which room each lives, and the shell files each consists of."""

from __future__ import annotations

from collections.abc import Mapping

# room (a folder beside this file) -> family (a module and a .sh in it) -> the names of its actions, and of its checks
ROOMS: Mapping[str, Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "backup": {
        "backup": (("backup.create", "backup.test"), ("backup.fresh", "backup.valid")),
        "backup_prune": (("backup.prune",), ()),
        "backup_restore": (("backup.restore",), ("backup.matches",)),
    },
    "certificates": {
        "cert_deploy": (("cert.deploy",), ()),
        "cert_renew": (("cert.renew",), ()),
        "tls": ((), ("tls.expiry", "tls.served")),
    },
    "compose": {
        "compose": (("compose.restart",), ("compose.status",)),
        "compose_policy": ((), ("compose.policy",)),
        "compose_scale": (("compose.scale",), ()),
        "compose_state": (("compose.stop", "compose.start"), ()),
        "compose_up": (("compose.up",), ()),
    },
    "docker": {
        "docker": (("docker.prune",), ()),
        "docker_disk": ((), ("docker.disk",)),
        "docker_logs": (("docker.logs_truncate",), ()),
        "docker_stats": ((), ("docker.stats",)),
    },
    "fault": {
        "fault_backup": (("fault.backup_corrupt",), ()),
        "fault_cert": (("fault.cert_expire",), ()),
        "fault_command": (("fault.command",), ()),
        "fault_container": (("fault.container_stop", "fault.container_hang"), ()),
        "fault_database": (("fault.database_damage",), ()),
        "fault_disk": (("fault.disk_fill",), ()),
        "fault_file": (("fault.file_put",), ()),
        "fault_log": (("fault.log_flood",), ()),
        "fault_memory": (("fault.memory_leak",), ()),
        "fault_queue": (("fault.queue_backlog",), ()),
        "fault_sessions": (("fault.connections_flood", "fault.slow_query"), ()),
        "fault_service": (("fault.service_stop", "fault.service_hang"), ()),
        "fault_traffic": (("fault.http_traffic",), ()),
    },
    "files": {
        "dir": (("dir.make",), ()),
        "disk": ((), ("disk.free", "disk.top")),
        "file": (("file.put",), ()),
        "file_matches": ((), ("file.matches",)),
        "file_remove": (("file.remove",), ()),
        "files": (("files.prune",), ()),
    },
    "host": {
        "command": (("command.run",), ()),
        "host": ((), ("host.state",)),
        "host_usage": ((), ("host.memory", "host.cpu")),
        "oom": ((), ("oom.events",)),
        "process": ((), ("process.running",)),
        "process_end": (("process.terminate",), ()),
        "service": (("service.restart",), ()),
        "timer": ((), ("timer.armed",)),
    },
    "logs": {
        "logrotate": (("logs.logrotate",), ()),
        "logs": (("logs.rotate",), ()),
        "logs_http": ((), ("logs.http_errors",)),
        "logs_scan": ((), ("logs.scan",)),
    },
    "network": {
        "http": ((), ("http.ok",)),
        "http_latency": ((), ("http.latency",)),
        "net": ((), ("port.open",)),
        "queue": ((), ("queue.length",)),
        "vendor": ((), ("vendor.ok",)),
    },
    "nginx": {
        "maintenance": (("maintenance.enable", "maintenance.disable"), ()),
        "nginx": (("nginx.reload",), ("nginx.config",)),
    },
    "postgres": {
        "pg": ((), ("pg.ready", "pg.connections", "pg.slow")),
        "pg_terminate": (("pg.terminate",), ()),
        "pg_vacuum": (("pg.vacuum",), ()),
    },
}
FAMILIES = {family: names for families in ROOMS.values() for family, names in families.items()}

ENGINE = ("docker/docker_engine",)
SERVICE = (*ENGINE, "compose/compose_one")
POSTGRES = (*SERVICE, "postgres/pg_reach")
NGINX = (*SERVICE, "nginx/nginx_reach")
QUEUE = (*SERVICE, "network/queue_reach")
DOING = ("compose/compose_doing", "compose/compose_file")
TAKEN = ("files/files", "files/files_take", "files/files_back")
BACKUP = (
    *(*POSTGRES, "backup/backup_at", "backup/backup_seen", "backup/backup_take", "backup/backup_scratch"),
    "backup/backup",
)
DEPLOYED = (*NGINX, "certificates/pem", "certificates/cert_pair", "certificates/cert_deploy")

# The shell of a family that is more than one file, or another family's: ROOM/FILE, in the order in which they are read.
SHELL_FILES: Mapping[str, tuple[str, ...]] = {
    "backup": BACKUP,
    "backup_prune": (*BACKUP, *TAKEN, "backup/backup_prune"),
    "backup_restore": (*BACKUP, "backup/backup_restore", "backup/backup_swap"),
    "cert_deploy": DEPLOYED,
    "cert_renew": ("certificates/pem", "host/restarts", "certificates/cert_renew"),
    "compose": (*ENGINE, "host/restarts", "postgres/pg_starting", "compose/compose_doing", "compose/compose"),
    "compose_policy": (*ENGINE, "compose/compose_policy"),
    "compose_scale": (*POSTGRES, "network/queue_reach", *DOING, "compose/compose_scale"),
    "compose_state": (*ENGINE, *DOING, "compose/compose_state"),
    "compose_up": (*ENGINE, *DOING, "compose/compose_diff", "compose/compose_up", "compose/compose_drift"),
    "dir": ("files/accounts", "files/dir"),
    "docker": (*ENGINE, "docker/docker"),
    "docker_disk": (*ENGINE, "docker/docker_disk"),
    "docker_logs": (*ENGINE, "docker/docker_logs"),
    "docker_stats": (*ENGINE, "docker/docker_stats"),
    "fault_backup": ("backup/backup_seen", "fault/fault_backup"),
    "fault_cert": (*DEPLOYED, "fault/fault_cert"),
    "fault_command": ("host/command", "fault/fault_command"),
    "fault_container": (*ENGINE, "fault/fault_container"),
    "fault_database": (*POSTGRES, "fault/fault_database"),
    "fault_file": ("files/accounts", "files/files", "files/file"),
    "fault_memory": (*SERVICE, "fault/fault_marked", "fault/fault_memory"),
    "fault_queue": (*QUEUE, "fault/fault_queue"),
    "fault_sessions": (*POSTGRES, "fault/fault_marked", "fault/fault_sessions"),
    "fault_traffic": ("fault/fault_marked", "fault/fault_traffic"),
    "file": ("files/accounts", "files/files", "files/file"),
    "file_remove": (*TAKEN, "files/file_remove"),
    "files": TAKEN,
    "host": ("host/timer", "host/host"),
    "http": ("network/http", "network/http_json"),
    "http_latency": ("network/http", "network/http_latency"),
    "logs": ("logs/logs", "logs/logs_writers", "logs/logs_move"),
    "logs_http": (*ENGINE, "logs/log_source", "logs/logs_http"),
    "logs_scan": (*ENGINE, "logs/log_source", "logs/logs_scan"),
    "maintenance": (*NGINX, "network/http", "nginx/maintenance"),
    "nginx": (*NGINX, "nginx/nginx"),
    "oom": (*ENGINE, "host/oom"),
    "pg": (*POSTGRES, "postgres/pg_sessions", "postgres/pg"),
    "pg_terminate": (*POSTGRES, "postgres/pg_sessions", "postgres/pg_terminate"),
    "pg_vacuum": (*POSTGRES, "postgres/pg_sessions", "postgres/pg_vacuum"),
    "queue": (*QUEUE, "network/queue"),
    "service": ("host/restarts", "host/service"),
    "tls": ("certificates/pem", "certificates/tls"),
    "vendor": ("network/http", "network/http_json", "network/vendor"),
}
