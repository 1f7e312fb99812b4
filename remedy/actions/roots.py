"""Directories whose files are never pruned, whatever a playbook says."""

from __future__ import annotations

# The directories that hold everything else: their own name is too broad to be meant.
TOO_BROAD = (
    *("/", "/data", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/usr", "/usr/local"),
    *("/usr/local/lib", "/var", "/var/lib", "/var/local", "/var/mail", "/var/run", "/var/spool"),
)
# The system's own, and what other programs alone may change.
THE_SYSTEMS = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found", "/proc", "/sbin", "/sys"),
    *("/usr/bin", "/usr/include", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/libx32", "/usr/sbin"),
    *("/usr/share", "/usr/src", "/run/lock", "/run/remedy", "/run/systemd"),
    *("/var/lib/apt", "/var/lib/containerd", "/var/lib/docker", "/var/lib/dpkg", "/var/lib/etcd", "/var/lib/mongodb"),
    *("/var/lib/mysql", "/var/lib/pacman", "/var/lib/postgresql", "/var/lib/redis", "/var/lib/rpm", "/var/lib/systemd"),
)
# Old backups are the ones that matter when the new ones fail.
BACKUPS = ("/backup", "/backups", "/var/backups")


def why_not_pruned(root: str) -> str:
    """Why files under this directory are never pruned, as the rest of a sentence; "" where they may be."""
    if root in TOO_BROAD:
        return "is too broad to be cleaned"
    if _is_below(root, "/home") and root.count("/") == 2:
        return "is somebody's home"
    if any(root == top or _is_below(root, top) for top in THE_SYSTEMS):
        return "belongs to the system"
    if any(root == top or _is_below(root, top) for top in BACKUPS):
        return "holds backups; they need an action that keeps the newest good ones"
    return ""


def _is_below(path: str, top: str) -> bool:
    return path.startswith(top + "/")
