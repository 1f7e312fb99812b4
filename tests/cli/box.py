"""A host in memory with a disk that fills: what the shipped actions look at and change, in a few lines of Python."""

from __future__ import annotations

from dataclasses import dataclass, field

from remedy.hosts.fake import FACTS, FakeHost, Function

MIB = 1024**2
DAY_S = 86_400
ROOT_ID = "65024:12"


@dataclass
class Disk:
    """A filesystem of `size` bytes with old files on it; the rest of what is used cannot go."""

    size: int = 1000 * MIB
    other: int = 850 * MIB
    files: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> (bytes, age in days)
    quarantine: bool = True
    gone: dict[str, tuple[int, int]] = field(default_factory=dict)
    speechless: bool = False  # the look at its free space is not answered

    @property
    def free(self) -> int:
        return self.size - self.other - sum(size for size, _ in self.files.values())

    # ------------------------------------------------------------ looks

    def disk_free(self, args: tuple[str, ...], _: tuple[str, ...]) -> tuple[int, str]:
        if self.speechless:
            return 1, "the filesystem gives no numbers"
        wanted = int(args[2]) * self.size // 10_000 if args[1] == "parts" else int(args[2])
        band = "below" if self.free < wanted else "at-least"
        return 0, f"free {band}\n--\nfree_bytes {self.free}\nusable_bytes {self.size}\n"

    def disk_top(self, args: tuple[str, ...], _: tuple[str, ...]) -> tuple[int, str]:
        rows = "".join(f"file {size}\t./{name}\n" for name, (size, _) in self.files.items())
        return 0, f"--\n{rows}"

    def prune_look(self, args: tuple[str, ...], _: tuple[str, ...]) -> tuple[int, str]:
        cutoff = int(args[2])
        where = "ok 65025 /var/quarantine" if self.quarantine else "none"
        items = "".join(f"item {line}\n" for line in self._items(self.files, cutoff))
        return 0, f"root {ROOT_ID}\ncutoff {cutoff}\nquarantine {where}\n{items}--\nopen 0\nlinked 0\n"

    def _items(self, files: dict[str, tuple[int, int]], cutoff: int) -> list[str]:
        changed = {name: FACTS.now - age * DAY_S for name, (_, age) in files.items()}
        return [
            f"{name}\t65024:{100 + number}:{size}:{changed[name]}"
            for number, (name, (size, _)) in enumerate(sorted(files.items()))
            if changed[name] < cutoff
        ]

    # ------------------------------------------------------------ changes

    def prune(self, args: tuple[str, ...], items: tuple[str, ...]) -> tuple[int, str]:
        for name in (i.partition("\t")[0] for i in items):
            if name in self.files:
                self.gone[name] = self.files.pop(name)
        return 0, f"took {len(items)} files\n"

    def restore(self, args: tuple[str, ...], items: tuple[str, ...]) -> tuple[int, str]:
        for name in (i.partition("\t")[0] for i in items):
            self.files[name] = self.gone.pop(name)
        return 0, "brought back\n"

    def host(self) -> FakeHost:
        functions: dict[str, Function] = {
            "disk_free": self.disk_free,
            "disk_top": self.disk_top,
            "files_prune_look": self.prune_look,
            "files_prune": self.prune,
            "files_restore": self.restore,
        }
        return FakeHost(functions)


def full_disk(files: int = 3, *, quarantine: bool = True) -> Disk:
    """A disk with `files` old logs of 50 MiB, a young one, and too little left."""
    old = {f"app.log.{n}": (50 * MIB, 8 + n) for n in range(1, files + 1)}
    return Disk(size=(1000 + 50 * files) * MIB, files={**old, "app.log.young": (MIB, 1)}, quarantine=quarantine)
