"""A secret by reference. Its value is known to hosts/ alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SecretRef:
    """Where a secret is to be found: `env:NAME`, `file:PATH` or `command:[...]`; never its value."""

    secret: str
