"""Places whose files are never pruned, written or removed, whatever a playbook says."""

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
# Not files: the kernel's own views, and devices.
THE_KERNELS = ("/proc", "/sys", "/dev")
# Without one of these nobody logs in or the machine does not start.
VITAL = (
    *(
        "/etc/fstab",
        "/etc/group",
        "/etc/gshadow",
        "/etc/hosts",
        "/etc/ld.so.conf",
        "/etc/machine-id",
        "/etc/nsswitch.conf",
    ),
    *("/etc/pam.conf", "/etc/passwd", "/etc/resolv.conf", "/etc/shadow", "/etc/ssh/sshd_config", "/etc/sudoers"),
)


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


def why_not_pruned_of_backups(root: str) -> str:
    """Why even old backups in this directory are never pruned, as the rest of a sentence; "" where they may be."""
    if any(root == top or _is_below(root, top) for top in BACKUPS):
        return ""
    return why_not_pruned(root)


def why_not_written(path: str) -> str:
    """Why nothing is written or made at this path, as the rest of a sentence; "" where it may be."""
    if path == "/":
        return "is the root of everything"
    if any(path == top or _is_below(path, top) for top in THE_KERNELS):
        return "is the kernel's, not a file's place"
    return "is remedy's own state" if _is_remedys(path) else ""


def why_not_removed(path: str) -> str:
    """Why the file at this path is never removed, as the rest of a sentence; "" where it may be."""
    if why := why_not_written(path):
        return why
    if path in VITAL or _is_below(path, "/etc/pam.d"):
        return "is a file that the machine cannot do without"
    if any(_is_below(path, top) for top in THE_SYSTEMS if top != "/etc"):
        return "belongs to the system"
    return ""


def _is_remedys(path: str) -> bool:
    """The ledgers of leases and receipts, and what is built beside a file: hosts/runner.sh and put.sh."""
    parts = path.split("/")
    if any(p == ".remedy" or p.startswith(".remedy-") for p in parts):
        return True
    return parts[1:3] == ["run", "remedy"] or (parts[1] == "run" and any(p.startswith("remedy.") for p in parts[2:4]))


def _is_below(path: str, top: str) -> bool:
    return path.startswith(top + "/")
