"""The parts of one command, each made once, when it is first needed, and closed at the end."""

from __future__ import annotations

import os
import pwd
import resource
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from remedy.cli.home import Home, find_home
from remedy.cli.world import World
from remedy.errors import Invalid, Unsafe

if TYPE_CHECKING:
    from remedy.actions.catalogue import Catalogue
    from remedy.engine.fleet import Fleet
    from remedy.engine.own import Own
    from remedy.load.merging import Layered
    from remedy.model import Policy
    from remedy.ports import Clock, Store, Transport

MOST_FILES = 4096  # some 1,300 hosts at once; what is beyond is looked at in waves


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Parts:
    """Home, store, catalogue, inventory, policy, hosts: whatever a command asks for. Use it with `with`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def home(self) -> Home:
        """Raises Invalid or Unsafe."""
        return find_home(self.world.asked_home, self.world.environ, self.world.cwd)

    @cached_property
    def home_path(self) -> Path:
        """Where names are looked up; what needs no home of its own goes on without one."""
        try:
            return self.home.path
        except Unsafe:
            raise
        except Invalid:
            return self.world.cwd

    @cached_property
    def clock(self) -> Clock:
        return self.world.clock or SystemClock()

    @cached_property
    def person(self) -> str:
        """Who acts: the operating system's user id, with its name for people."""
        return self.world.person or person_of(os.getuid())

    @cached_property
    def owner(self) -> str:
        """What a lease on a host shows: who, from which controller."""
        return f"{_name_of(os.getuid())}@{os.uname().nodename}"

    @cached_property
    def catalogue(self) -> Catalogue:
        from remedy.actions.catalogue import shipped  # noqa: PLC0415 — where it is used

        return self.world.catalogue or shipped()

    @cached_property
    def store(self) -> Store:
        """Raises Unsafe or StoreError."""
        from remedy.store.sqlite import SqliteStore  # noqa: PLC0415 — where it is used

        store = SqliteStore.open(self.home.state, self.clock)
        self._open.callback(store.close)
        return store

    @cached_property
    def inventory(self) -> Layered:
        """Raises Invalid with every problem."""
        from remedy.load.inventory import load_inventory  # noqa: PLC0415 — where it is used

        return load_inventory(self.home.inventory)

    @cached_property
    def policy(self) -> Policy:
        """Raises Invalid with every problem."""
        from remedy.load.drills import SUFFIX as DRILL  # noqa: PLC0415 — where it is used
        from remedy.load.find import playbook_names  # noqa: PLC0415 — where it is used
        from remedy.load.policy import load_policy  # noqa: PLC0415 — where it is used
        from remedy.load.policy_checks import for_fleet  # noqa: PLC0415 — where it is used

        policy = load_policy(self.home.inventory)
        return (
            for_fleet(
                policy,
                self.inventory.hosts.values(),
                (n for p in playbook_names(self.home.path) for n in (p, p + DRILL)),
            )
            if policy.digest
            else policy
        )

    @cached_property
    def own(self) -> Own:
        """What of this machine is remedy's own."""
        from remedy.cli.ourselves import own_of  # noqa: PLC0415 — where it is used

        return own_of(self.home, self.inventory.hosts)

    @cached_property
    def transport(self) -> Transport:
        if self.world.connect is not None:
            return self.world.connect(self.catalogue)
        from remedy.hosts.secrets import resolve_secret  # noqa: PLC0415 — where it is used
        from remedy.hosts.transport import Hosts  # noqa: PLC0415 — where it is used

        return Hosts(resolve=resolve_secret, clock=self.clock, others=self.inventory.hosts)

    @cached_property
    def fleet(self) -> Fleet:
        from remedy.engine.fleet import Fleet, room_for  # noqa: PLC0415 — where it is used

        fleet = Fleet(self.transport, room_for(_files()))
        self._open.callback(fleet.close)
        return fleet


def _files() -> int:
    """How many files this process may have open, after it asked for as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft if soft > 0 else MOST_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def person_of(uid: int) -> str:
    """A person as plans, approvals and the journal name one."""
    return f"uid:{uid} ({_name_of(uid)})"


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "no name"


def overrides_of(given: Sequence[str]) -> Mapping[str, str]:
    """`NAME=VALUE` words as a mapping. Raises Invalid for one without a name, and for a name given twice."""
    found: dict[str, str] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Invalid("-p wants NAME=VALUE", at=f"-p {name}", fix="for example -p mount=/var")
        if name in found:
            raise Invalid(f"the parameter {name} is given twice", at=f"-p {name}", fix="give it once")
        found[name] = value
    return found
