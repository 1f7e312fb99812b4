"""Run by the Python that has ansible-core: directories on standard input, and what Ansible makes of each as JSON.

It is what `ansible-inventory --list` prints, by the same classes, for many inventories in one process.
"""

from __future__ import annotations

import json
import sys

from ansible import constants  # type: ignore[import-not-found]
from ansible.errors import AnsibleError  # type: ignore[import-not-found]
from ansible.inventory.manager import InventoryManager  # type: ignore[import-not-found]
from ansible.parsing.dataloader import DataLoader  # type: ignore[import-not-found]
from ansible.vars.manager import VariableManager  # type: ignore[import-not-found]


def said(directory: str) -> dict[str, object]:
    """Groups with all their hosts, and the variables of each host after all precedence."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[directory])
    variables = VariableManager(loader=loader, inventory=inventory)
    hostvars = {}
    for host in inventory.get_hosts("all"):
        found = variables.get_vars(host=host, include_hostvars=False, stage="all")
        hostvars[host.name] = {k: v for k, v in found.items() if k not in constants.INTERNAL_STATIC_VARS}
    groups = {name: sorted(h.name for h in group.get_hosts()) for name, group in inventory.groups.items()}
    return {"groups": groups, "hostvars": hostvars}


if __name__ == "__main__":
    answers = {}
    for line in sys.stdin:
        try:
            answers[line.strip()] = said(line.strip())
        except AnsibleError as wrong:
            answers[line.strip()] = {"groups": {"refused": [str(wrong)]}, "hostvars": {}}
    json.dump(answers, sys.stdout, default=str)
