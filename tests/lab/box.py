"""A container as a host of its own: no systemd and no sshd, made of the lab's image or of busybox alone."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab.engine import OWNER_LABEL, Engine
from tests.lab.parts import LabMissingError, find_program

SLEEPS = ("/bin/sleep", "1000000")


@dataclass(frozen=True, kw_only=True)
class Box:
    """A running container."""

    name: str
    engine: Engine
    arguments: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of the container that has the name now."""
        return self.engine.docker("container", "inspect", "--format", "{{.Id}}", self.name).strip()

    def sh(self, command: str, *, stdin: bytes = b"") -> str:
        """What `command` prints in it, as root."""
        return self.engine.docker("exec", "--interactive", "--user=0", self.name, "sh", "-c", command, stdin=stdin)

    def processes(self) -> list[str]:
        """The command line of every process in it but the first, and those that are dead."""
        listed = self.engine.docker("top", self.name, "-eo", "pid,stat,args").splitlines()[1:]
        return [line.split(None, 2)[2] for line in listed[1:] if line.split()[1][0] != "Z"]

    def do(self, verb: str) -> None:
        """Stop, start, pause, kill it, and so on."""
        waits = ("--time=0",) if verb in ("stop", "restart") else ()
        self.engine.docker(verb, *waits, self.name)

    def replace(self) -> None:
        """Remove it, and start another of the same name."""
        self.remove()
        self.engine.docker(*self.arguments)

    def remove(self) -> None:
        """Take it away; doing so twice is fine."""
        self.engine.docker("rm", "--force", "--volumes", self.name)

    def entry(self, **over: object) -> dict[str, object]:
        """The host as inventory/hosts.yml names it; `over` replaces keys, and None leaves one out."""
        entry: dict[str, object] = {"address": f"docker://{self.name}", "engine": self.engine.url}
        return {key: value for key, value in (entry | over).items() if value is not None}


def start_box(engine: Engine, name: str, *options: str, image: str = "", command: tuple[str, ...] = SLEEPS) -> Box:
    """Start a container that does nothing."""
    made = ("run", "--detach", f"--name={name}", f"--label={OWNER_LABEL}={engine.owner}", "--network=none", *options)
    arguments = (*made, image or engine.image, *command)
    engine.docker(*arguments)
    return Box(name=name, engine=engine, arguments=arguments)


def busybox_image(engine: Engine, *without: str) -> str:
    """An image of `busybox_tar`, in the lab's engine."""
    archive = busybox_tar(*without)
    image = f"remedy-lab-busybox:{hashlib.sha256(archive).hexdigest()[:16]}"
    if not engine.docker("images", "--quiet", image).strip():
        engine.docker("import", "-", image, stdin=archive)
    return image


def busybox_tar(*without: str) -> bytes:
    """Busybox and flock, and nothing else: no /run, no home but /. Some programs may be missing.

    flock is util-linux's: Debian's busybox has none, as those of other distributions have.
    """
    busybox, flock = find_program("busybox"), find_program("flock")
    if busybox is None or flock is None:
        raise LabMissingError("needs busybox and flock: run `make system` as root")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    files = {"bin/busybox": Path(busybox).read_bytes(), "etc/passwd": b"root:x:0:0::/:/bin/sh\n"}
    if "flock" not in without:
        files["bin/flock"] = Path(flock).read_bytes()
    needed = {path for program in (busybox, flock) for path in _libraries(program)}
    files |= {path.lstrip("/"): Path(path).read_bytes() for path in sorted(needed)}
    return _tar(files, [name for name in listed if name not in without])


def _libraries(program: str) -> list[str]:
    """The files that a program cannot be started without; none where it is one file."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return [word for line in told.splitlines() for word in line.split() if word.startswith("/")]


def _tar(files: dict[str, bytes], links: list[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for directory in ("bin", "etc", "tmp"):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if directory == "tmp" else 0o755
            tar.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
        for link in links:
            entry = tarfile.TarInfo(f"bin/{link}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            if link != "busybox" and f"bin/{link}" not in files:
                tar.addfile(entry)
    return buffer.getvalue()
