"""An Ansible inventory as remedy takes it: its hosts with their ways and variables, its groups, what to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remedy.load.problems import Flaws

if TYPE_CHECKING:  # most homes have none of it, and reading remedy's own files does not load it
    from remedy.load.ansible.connection import Way
    from remedy.load.ansible.world import Layer


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What Ansible's files come to. `layers` has of each host and variable every value, the one that holds first."""

    ways: Mapping[str, Way] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flaws: Flaws = field(default_factory=Flaws)
    notes: Flaws = field(default_factory=Flaws)
