"""The image of a test host: built once from recipe/, kept in the cache under the recipe's hash."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import subprocess
import tarfile
from pathlib import Path

from tests.lab.parts import LabMissingError, find_program, need_programs

RECIPE = Path(__file__).parent / "recipe"
SUITE = "bookworm"
BUILD_TIMEOUT_S = 900  # most of it is the download; 24 s from a near mirror
MODES = {"etc/sudoers.d/lab": 0o440}  # git keeps only the bit for running


def recipe_hash() -> str:
    """What tells one recipe from another: names, modes and bytes of all its files."""
    digest = hashlib.sha256(SUITE.encode())
    for path in sorted(path for path in RECIPE.rglob("*") if path.is_file()):
        content = path.read_bytes()
        is_program = os.access(path, os.X_OK)
        digest.update(f"{path.relative_to(RECIPE)} {is_program} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def image_file(cache: Path) -> Path:
    """The root directory of a test host as one tar file in `cache`; built when it is not there yet."""
    path = cache / f"remedy-lab-{recipe_hash()}.tar"
    if not path.exists():
        part = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            _build(part, cache)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _build(path: Path, cache: Path) -> None:
    """Install Debian's packages and the recipe's files, with the sources that this machine uses itself."""
    programs = need_programs(["mmdebstrap", "apt-get"])
    files = cache / f"files.{os.getpid()}.tar"
    files.write_bytes(_files())
    command = [
        programs["mmdebstrap"],
        "--quiet",
        "--variant=essential",
        "--format=tar",
        "--include=" + ",".join((RECIPE / "packages").read_text(encoding="utf-8").split()),
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")),
        f"--customize-hook=tar-in {shlex.quote(str(files))} /",
        f'--customize-hook=sh {shlex.quote(str(RECIPE / "customize.sh"))} "$1"',
        SUITE,
        str(path),
        "-",
    ]
    try:
        subprocess.run(
            command,
            input=_sources().encode(),
            check=True,
            capture_output=True,
            timeout=BUILD_TIMEOUT_S,
            env={**os.environ, "TMPDIR": str(cache), "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise LabMissingError(f"image could not be built: {' / '.join(last)}") from error
    finally:
        files.unlink(missing_ok=True)


def _files() -> bytes:
    """The recipe's files as a tar that root owns, whoever cloned them."""
    buffer = io.BytesIO()
    root = RECIPE / "files"
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            name = path.relative_to(root).as_posix()
            entry = tarfile.TarInfo(name)
            entry.size = path.stat().st_size
            entry.mode = MODES.get(name, 0o755 if os.access(path, os.X_OK) else 0o644)
            entry.mtime = int(path.stat().st_mtime)
            tar.addfile(entry, io.BytesIO(path.read_bytes()))
    return buffer.getvalue()


def _sources() -> str:
    """This machine's own Debian sources, with the recipe's suite in place of the machine's."""
    apt_get = find_program("apt-get") or "apt-get"
    line = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN) $(CODENAME)"
    listed = subprocess.run(
        [apt_get, "indextargets", "--format", line, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    sources = set()
    for fields in (line.split() for line in listed.stdout.splitlines()):
        if len(fields) == 5 and fields[3] == "Debian":
            own = fields[4].partition("-")[0]
            sources.add(f"deb {fields[0]} {fields[1].replace(own, SUITE)} {fields[2]}\n")
    if not sources:
        raise LabMissingError("needs Debian's package lists: run `apt-get update` as root")
    return "".join(sorted(sources))
