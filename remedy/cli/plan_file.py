"""A plan that comes as a file: only a reference. What is applied is the plan that the store kept."""

from __future__ import annotations

import json
from pathlib import Path

from remedy.cli.shown.plan_json import file_text
from remedy.errors import Invalid, Refused
from remedy.model import Plan
from remedy.ports import Store

LARGEST_BYTES = 256 * 1024 * 1024  # a plan of 50 hosts with 10,000 files each stays below it


def kept_plan(store: Store, path: Path) -> Plan:
    """The kept plan that this file is, to the last byte. Raises Invalid where there is no file, else Refused."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", at=str(path), fix="remedy list plans") from None
    plan = _named(store, content, path)
    if file_text(plan).encode("ascii") != content:
        raise _mismatch(path)
    return plan


def _named(store: Store, content: bytes, path: Path) -> Plan:
    try:
        found = json.loads(content)
        identifier, home = str(found["id"]), found["home"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise _mismatch(path) from None
    if home != store.home:
        raise Refused(
            f"digest mismatch: {path} was made by the home {home}, this is {store.home}",
            at=str(path),
            fix="plan again, here",
        )
    try:
        return store.plan(identifier)
    except Invalid:
        raise _mismatch(path) from None


def _mismatch(path: Path) -> Refused:
    return Refused(
        f"digest mismatch: {path} is not a plan that was kept here",
        at=str(path),
        fix="plan again, or remedy list plans",
    )


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan's file, anew. Raises Invalid."""
    try:
        path.write_text(file_text(plan), "ascii")
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}", at=str(path), fix="--out another file") from None
