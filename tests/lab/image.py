"""The images of test hosts: each built once from its recipe, kept in the cache under the recipe's hash."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.next_debian import ACME, COMPOSE, programs_of
from tests.lab.parts import LabMissingError, debian_sources, need_programs

HERE = Path(__file__).parent
SUITE = "bookworm"
BUILD_TIMEOUT_S = 900  # most of it is the download; 24 s from a near mirror
MODES = {"etc/sudoers.d/lab": 0o440}  # git keeps only the bit for running


@dataclass(frozen=True)
class Recipe:
    """What an image is made of: packages, files and a last touch, each folder adding to those before it."""

    name: str
    folders: tuple[Path, ...]
    programs: Mapping[str, str] = field(default_factory=dict)  # of the next Debian: a path of each package

    @property
    def hash(self) -> str:
        """What tells one recipe from another: names, modes and bytes of all its files."""
        digest = hashlib.sha256(SUITE.encode())
        for folder in self.folders:
            for path in _files_below(folder):
                content = path.read_bytes()
                is_program = os.access(path, os.X_OK)
                digest.update(f"{path.relative_to(folder)} {is_program} {len(content)}\n".encode() + content)
        return digest.hexdigest()[:16]

    @property
    def tag(self) -> str:
        """The image's name in an engine."""
        return f"{self.name}:{self.hash}"

    def packages(self) -> list[str]:
        """Debian's packages; a later folder takes one back by a minus before its name."""
        lines = [line for f in self.folders for line in (f / "packages").read_text(encoding="utf-8").split()]
        return [line for line in lines if not line.startswith("-") and f"-{line}" not in lines]


PLAIN = Recipe("remedy-lab", (HERE / "recipe",))
WITH_DOCKER = Recipe("remedy-lab-docker", (HERE / "recipe", HERE / "recipe_docker"), COMPOSE)
SITE = Recipe("remedy-lab-site", (HERE / "recipe", HERE / "recipe_docker", HERE / "recipe_site"), {**COMPOSE, **ACME})
STACK = Recipe("remedy-lab-stack", (HERE / "recipe_stack",))  # what the site's containers are made of
RECIPES = (PLAIN, WITH_DOCKER, SITE)


def image_file(recipe: Recipe, cache: Path) -> Path:
    """The root directory of a test host as one tar file in `cache`; built when it is not there yet."""
    path = cache / f"{recipe.name}-{recipe.hash}.tar"
    if not path.exists():
        part = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            _build(recipe, part, cache)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _build(recipe: Recipe, path: Path, cache: Path) -> None:
    """Install Debian's packages and the recipe's files, with the sources that this machine uses itself."""
    programs = need_programs(["mmdebstrap", "apt-get"])
    files = cache / f"files.{os.getpid()}.tar"
    fetched = cache / "archives"  # packages of one recipe serve the next
    fetched.mkdir(exist_ok=True)
    files.write_bytes(_files(recipe))
    command = [
        programs["mmdebstrap"],
        "--quiet",
        "--variant=essential",
        "--format=tar",
        "--include=" + ",".join(recipe.packages()),
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")),
        *_kept_packages(fetched),
        f"--customize-hook=tar-in {shlex.quote(str(files))} /",
        *(f'--customize-hook=sh {shlex.quote(str(folder / "customize.sh"))} "$1"' for folder in recipe.folders),
        SUITE,
        str(path),
        "-",
    ]
    try:
        subprocess.run(
            command,
            input="".join(debian_sources(SUITE)).encode(),
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


def tar_of(root: Path) -> bytes:
    """The files below a folder as a tar that root owns, whoever cloned them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add_all(tar, root)
    return buffer.getvalue()


def _add_all(tar: tarfile.TarFile, root: Path) -> None:
    for path in _files_below(root):
        name = path.relative_to(root).as_posix()
        mode = MODES.get(name, 0o755 if os.access(path, os.X_OK) else 0o644)
        _add(tar, name, path.read_bytes(), mode, int(path.stat().st_mtime))


def _files(recipe: Recipe) -> bytes:
    """The recipe's files as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in recipe.folders:
            _add_all(tar, folder / "files")
        for program in programs_of(recipe.programs):
            _add(tar, program.path, program.content, 0o755, program.changed_at)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int, changed_at: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = mode
    entry.mtime = changed_at
    tar.addfile(entry, io.BytesIO(content))


def _kept_packages(folder: Path) -> list[str]:
    """Options of mmdebstrap: begin with the packages in a folder, and leave in it what was fetched besides."""
    here, there = shlex.quote(str(folder)), '"$1"/var/cache/apt/archives'
    return [
        "--skip=download/empty,essential/unlink,cleanup/apt/cache",
        f"--setup-hook=mkdir -p {there}/partial && cp {here}/*.deb {there}/ 2>/dev/null || :",
        f"--customize-hook=cp -u {there}/*.deb {here}/ && rm -f {there}/*.deb",
    ]


def _files_below(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))
