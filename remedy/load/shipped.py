"""Where the files lie that come with remedy: beside the package in the wheel, above it in a clone."""

from __future__ import annotations

from pathlib import Path

import remedy


def shipped(what: str) -> Path:
    """The directory of `schemas` or `playbooks`."""
    package = Path(remedy.__file__).parent
    wheel = package / "_shipped" / what
    return wheel if wheel.is_dir() else package.parent / what
