"""The scenes of the kit: for every action that can change a host, the state it is for."""

import gzip
import shutil
from pathlib import Path

from remedy.model import Json
from tests.actions.kit import Ground, Scene, tree_of, write

HOSTILE_NAMES = (
    b"-rf.log.1",
    b"new\nline.log.1",
    b"back\\slash.log.1",
    b"\xff\xfe\x81\x88.log.1",
    b"tab\tname.log.1",
    b" lead.log.1",
    b"*.log.1",
    b"$(x).log.1",
    b"x" * 249 + b".log.1",
)


def empty(folder: Path) -> Path:
    """The same directory with nothing in it."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return folder


# ---------------------------------------------------------------- files.prune


def _old_files(g: Ground) -> None:
    empty(g.shelf)
    root = empty(g.root)
    for folder in (root, root / "sub", root / "sub" / "deep"):
        for name in HOSTILE_NAMES:
            write(folder / name.decode("utf-8", "surrogateescape"), mode=0o640)
        write(folder / "app.log", b"today\n", at=4_000_000_000)


def _young_files(g: Ground) -> None:
    empty(g.shelf)
    write(empty(g.root) / "app.log.1", at=4_000_000_000)


def _prune(g: Ground) -> dict[str, Json]:
    return {"root": str(g.root), "match": "*.log.*", "older_than": "7d"}


def _prune_to_shelf(g: Ground) -> dict[str, Json]:
    return {**_prune(g), "quarantine": str(g.shelf)}


def _both_trees(g: Ground) -> object:
    """What is left, and what is in quarantine; the plan's own directory there is named by time."""
    kept = [v for k, v in tree_of(g.shelf).items() if v != ("directory",)]
    return tree_of(g.root), sorted(kept, key=repr)


# ---------------------------------------------------------------- logs.rotate


def _large_log(g: Ground) -> None:
    root = empty(g.root)
    write(root / "app.log", _lines(0, 20_000), mode=0o640)
    write(root / "other.log", b"small\n")
    for number in range(1, 4):
        packed = gzip.compress(_lines(-number * 100, 100), mtime=0)
        write(root / f"app.log.{number}.gz", packed)


def _small_log(g: Ground) -> None:
    write(empty(g.root) / "app.log", b"small\n")


def _lines(first: int, count: int) -> bytes:
    return b"".join(b"line %d\n" % n for n in range(first, first + count))


def _rotate(g: Ground) -> dict[str, Json]:
    return {"paths": [f"{g.root}/*.log"], "larger_than": "10KiB", "keep": 7}


def _rotate_full(g: Ground) -> dict[str, Json]:
    return {**_rotate(g), "keep": 3}


def _rotate_plain(g: Ground) -> dict[str, Json]:
    return {**_rotate(g), "compress": False}


def _texts(g: Ground) -> object:
    """Every file by name, with its text: however it was compressed."""
    found = {}
    for name, state in tree_of(g.root).items():
        content = state[0]
        if isinstance(content, bytes) and name.endswith(".gz"):
            content = gzip.decompress(content)
        found[name] = (content, *state[1:4])
    return found


# ---------------------------------------------------------------- file.put

OLD_TEXT = "".join(f"{chr(n)}{n} old\n" for n in range(1, 256) if n != 10) + "-rf $(x) `x` 'x' \"x\" \\n\n\n"
NEW_TEXT = "-n new\n" * 1200 + "\ttab 'quote' \\ back $(touch /tmp/x) \n\n"


def _put(g: Ground) -> dict[str, Json]:
    return {"path": f"{g.root}/app.conf", "content": NEW_TEXT, "mode": "0640"}


def _old_conf(g: Ground) -> None:
    write(empty(g.root) / "app.conf", OLD_TEXT.encode(), mode=0o604)


def _new_conf(g: Ground) -> None:
    write(empty(g.root) / "app.conf", NEW_TEXT.encode(), mode=0o640)


def _no_conf(g: Ground) -> None:
    empty(g.root)


def _contents(g: Ground) -> object:
    """All but the time, which a written file has of its own."""
    return {name: state[:4] for name, state in tree_of(g.root).items()}


# ---------------------------------------------------------------- file.remove

HOSTILE_NAME = "-rf new\nline\t*.$(x)\\"


def _remove_to_shelf(g: Ground) -> dict[str, Json]:
    return {"path": f"{g.root}/{HOSTILE_NAME}", "quarantine": str(g.shelf)}


def _one_too_many(g: Ground) -> None:
    empty(g.shelf)
    write(empty(g.root) / HOSTILE_NAME, b"x" * 1_000_000, mode=0o640)
    write(g.root / "other", b"stays")


def _none_too_many(g: Ground) -> None:
    empty(g.shelf)
    write(empty(g.root) / "other", b"stays")


# ---------------------------------------------------------------- dir.make


def _make(g: Ground) -> dict[str, Json]:
    return {"path": f"{g.root}/-a/b\n\\ *c/$(d)", "mode": "0750", "parents": True}


def _nothing_there(g: Ground) -> None:
    empty(g.root).chmod(0o2755)  # what is made below would inherit its bit


def _all_there(g: Ground) -> None:
    made = empty(g.root) / str(_make(g)["path"])
    made.mkdir(parents=True)
    made.chmod(0o750)


def _other_mode(g: Ground) -> None:
    _all_there(g)
    Path(str(_make(g)["path"])).chmod(0o3777)
    write(Path(str(_make(g)["path"])) / "kept")


def _modes(g: Ground) -> object:
    """Directories with their modes."""
    return [(str(p), p.stat().st_mode, p.stat().st_uid) for p in sorted(g.root.rglob("*")) if ".remedy" not in p.name]


# ---------------------------------------------------------------- command.run


def _copy(g: Ground) -> dict[str, Json]:
    """A program that only acts; what says that it is wanted only reads."""
    return {
        "argv": ["cp", "-p", "--", "-from $(x)\n", "-to 'x'"],
        "unless": ["cmp", "-s", "--", "-from $(x)\n", "-to 'x'"],
        "cwd": str(g.root),
    }


def _bytes(g: Ground) -> object:
    """What is in each file: the guard compares no more, and a cp that is killed leaves the mode for last."""
    return {name: state[0] for name, state in tree_of(g.root).items()}


def _break(g: Ground) -> dict[str, Json]:
    """A file that is moved aside, and back."""
    return {
        "inject": ["mv", "--", "-a $(x)", "-b 'x'"],
        "restore": ["mv", "--", "-b 'x'", "-a $(x)"],
        "broken": ["test", "-e", "./-b 'x'"],
        "cwd": str(g.root),
    }


def _whole(g: Ground) -> None:
    write(empty(g.root) / "-a $(x)", b"y")


def _broken(g: Ground) -> None:
    write(empty(g.root) / "-b 'x'", b"y")


def _not_copied(g: Ground) -> None:
    write(empty(g.root) / "-from $(x)\n", b"y" * 2_000_000)


def _copied(g: Ground) -> None:
    _not_copied(g)
    write(g.root / "-to 'x'", b"y" * 2_000_000)


# ---------------------------------------------------------------- faults for drills


def _flood(g: Ground) -> dict[str, Json]:
    return {"file": f"{g.root}/-n *.log", "size": "3MiB", "old": 2, "aged": "8d"}


def _no_flood(g: Ground) -> None:
    write(empty(g.root) / "app.log", b"stays\n")


def _flooded(g: Ground) -> None:
    _no_flood(g)
    for number in (1, 2):
        write(g.root / f"-n *.log.{number}", b"x ERROR flood of a drill by remedy\n")


def _names(g: Ground) -> object:
    """What is called what: a flood's lines tell the time."""
    return sorted(tree_of(g.root))


SCENES = (
    Scene("files.prune, permanent", "files.prune", _prune, _old_files, _young_files, _both_trees),
    Scene("files.prune, to a quarantine", "files.prune", _prune_to_shelf, _old_files, _young_files, _both_trees),
    Scene("logs.rotate", "logs.rotate", _rotate, _large_log, _small_log, _texts),
    Scene("logs.rotate, all generations taken", "logs.rotate", _rotate_full, _large_log, _small_log, _texts),
    Scene("logs.rotate, not compressed", "logs.rotate", _rotate_plain, _large_log, _small_log, _texts),
    Scene("file.put, over another", "file.put", _put, _old_conf, _new_conf, _contents),
    Scene("file.put, of a new file", "file.put", _put, _no_conf, _new_conf, _contents),
    Scene("file.remove, to a quarantine", "file.remove", _remove_to_shelf, _one_too_many, _none_too_many, _both_trees),
    Scene("dir.make, with parents", "dir.make", _make, _nothing_there, _all_there, _modes),
    Scene("dir.make, of another mode", "dir.make", _make, _other_mode, _all_there, _modes),
    Scene("fault.file_put", "fault.file_put", _put, _old_conf, _new_conf, _contents),
    Scene("fault.log_flood", "fault.log_flood", _flood, _no_flood, _flooded, _names),
    Scene("command.run, with a guard", "command.run", _copy, _not_copied, _copied, _bytes),
    Scene("fault.command", "fault.command", _break, _whole, _broken, _bytes),
)

ON_A_HOST = {  # proven on a test host, by what it has: test_lab.py, test_docker.py, test_backup.py
    "backup.create": "PostgreSQL",
    "backup.test": "PostgreSQL",
    "backup.restore": "PostgreSQL",
    "backup.prune": "PostgreSQL",
    "fault.backup_corrupt": "PostgreSQL",
    "fault.connections_flood": "PostgreSQL",
    "fault.database_damage": "PostgreSQL",
    "fault.slow_query": "PostgreSQL",
    "cert.deploy": "nginx",
    "cert.renew": "certbot",
    "fault.cert_expire": "nginx",
    "maintenance.enable": "nginx",
    "maintenance.disable": "nginx",
    "nginx.reload": "nginx",
    "service.restart": "systemd",
    "compose.restart": "Docker Engine",
    "compose.scale": "Docker Engine",
    "compose.start": "Docker Engine",
    "compose.stop": "Docker Engine",
    "compose.up": "Docker Engine",
    "docker.logs_truncate": "Docker Engine",
    "docker.prune": "Docker Engine",
    "fault.memory_leak": "systemd",
    "fault.http_traffic": "systemd",
    "logs.logrotate": "systemd",
    "fault.queue_backlog": "Redis",
    "process.terminate": "systemd",
    "fault.service_stop": "systemd",
    "fault.service_hang": "systemd",
    "fault.disk_fill": "systemd",
    "fault.container_stop": "Docker Engine",
    "fault.container_hang": "Docker Engine",
    "pg.terminate": "PostgreSQL",
    "pg.vacuum": "PostgreSQL",
}

BY_TESTS_OF_THEIR_OWN = ("nginx.reload", "fault.cert_expire")  # on a host, too, but not by the kit

THROUGH_A_SESSION = tuple(
    s for s in SCENES if s.name in ("files.prune, to a quarantine", "logs.rotate", "file.put, over another")
)
COUNTING = tuple(
    s for s in SCENES if s.action not in ("dir.make", "command.run", "fault.command", "fault.log_flood")
)  # whose looks count bytes
