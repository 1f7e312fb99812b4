"""What an sshd host believes of itself: its logins, and the configuration of its sshd."""

from __future__ import annotations

from pathlib import Path

PORT = 2222
LAB = "/run/lab"  # the host's own configuration and log, inside

FIRST_UID = 2001
LOGINS = {  # the login and its shell
    "bash": "/bin/bash",
    "dash": "/bin/dash",
    "ash": f"{LAB}/shells/ash",  # busybox, by the name that makes it a shell
    "zsh": "/usr/bin/zsh",
    "mksh": "/usr/bin/mksh",
    "fish": "/usr/bin/fish",
    "tcsh": "/usr/bin/tcsh",
    "deploy": "/bin/bash",
    "plain": "/bin/sh",  # the one that may not become root
}

CONFIG = f"""
Port {PORT}
HostKey {LAB}/host_key
AuthorizedKeysFile {LAB}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 500
MaxSessions 200
UseDNS no
PrintLastLog no
PrintMotd no
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


def system_files(name: str) -> dict[str, tuple[str, int]]:
    """The files of /etc that say who may log in, with their modes."""
    machine = [line for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines() if _is_system(line)]
    groups = [line for line in Path("/etc/group").read_text(encoding="utf-8").splitlines() if _is_system(line)]
    passwd = ["root:x:0:0:root:/root:/bin/bash", *(line for line in machine if not line.startswith("root:"))]
    for uid, (login, shell) in enumerate(LOGINS.items(), FIRST_UID):
        passwd.append(f"{login}:x:{uid}:{uid}::/home/{login}:{shell}")
        groups.append(f"{login}:x:{uid}:")
    shadow = [f"{line.partition(':')[0]}:*:19000:0:99999:7:::" for line in passwd]
    sudoers = [f"{login} ALL=(ALL) NOPASSWD: ALL" for login in ("root", *LOGINS) if login != "plain"]
    secure = "Defaults secure_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {
        "passwd": ("\n".join(passwd) + "\n", 0o644),
        "group": ("\n".join(groups) + "\n", 0o644),
        "shadow": ("\n".join(shadow) + "\n", 0o640),
        "sudoers": ("\n".join(["Defaults env_reset", secure, *sudoers]) + "\n", 0o440),
        "hosts": (f"127.0.0.1 localhost {name}\n", 0o644),
    }


def _is_system(line: str) -> bool:
    """Whether a line of passwd or group is of the system and clashes with no login of ours."""
    fields = line.split(":")
    return len(fields) > 2 and fields[0] not in LOGINS and int(fields[2]) < 1000
