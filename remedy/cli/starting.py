"""What a new home holds: an example of each file, that works as it stands and says what to change."""

from __future__ import annotations

from remedy.load.shipped import shipped

PLAYBOOK = """\
# yaml-language-server: $schema={schema}
# An example, yours to change. The shipped playbooks are always there: remedy list playbooks
playbook: tmp-full
summary: Free space under a directory of temporary files
severity: P4
params:
  root: {{type: path, default: /tmp, about: Where the temporary files are}}
  free: {{type: percent, default: 10%, about: Free space wanted}}
symptom:                                  # holds, or there is nothing to do
  - disk.free: {{mount: "{{{{ root }}}}", below: "{{{{ free }}}}"}}
diagnose:                                 # evidence, kept with the run
  - disk.top: {{mount: "{{{{ root }}}}"}}
steps:
  - id: old-files
    files.prune: {{root: "{{{{ root }}}}", match: "*.tmp", older_than: 7d, max_bytes: 1GiB}}
verify:
  - disk.free: {{mount: "{{{{ root }}}}", at_least: "{{{{ free }}}}", within: 30s}}
"""

HOSTS = """\
# yaml-language-server: $schema={schema}
# The hosts. An Ansible inventory is read as it is: put it here beside this file, or in its place.
hosts:
  here:                                   # this machine, to try things on
    address: local://
#  prod1:
#    address: ssh://deploy@10.0.0.11:22
#    identity: ~/.ssh/remedy              # a private key that only you can read; without it, your agent
#    become: true                         # work as root, by sudo -n
#    environment: production              # the policy reads it
#    quarantine: /var/quarantine          # another filesystem: files go there instead of away, and undo works
#    # then: remedy trust prod1           # pins the host's key, after showing its fingerprint
#groups:
#  prod: {{hosts: [prod1], vars: {{log_dir: /var/log/app}}}}
"""

POLICY = """\
# yaml-language-server: $schema={schema}
# Whose consent a plan needs. Without a rule that fits, the built-in ones hold: low and medium risk take your yes; high
# takes the host's name typed, and a second person where the host's environment is production.
approval: 1h                              # how long an approval counts
# Of the rules that fit, the strictest counts. The environments, groups and playbooks are those of your hosts.
#rules:
#  - {{risk: low, environment: staging, people: 0}}
#  - {{risk: high, environment: production, people: 2, typed: true}}
#timezone: Europe/Berlin
#windows:                                 # when it may be begun
#  - name: nights
#    environment: production
#    open: [{{days: mon-fri, hours: "22:00-05:00"}}, {{days: [sat, sun], hours: "00:00-24:00"}}]
#freezes:                                 # when nothing may be
#  - {{name: year-end, from: "2030-12-20 12:00", until: "2031-01-06", reason: nobody is here}}
#caps:                                    # how much at once
#  - {{environment: production, max_hosts: 10%}}
#  - {{max_runs_per_hour: 3}}
"""

IGNORED = "# Plans, approvals and the journal are this machine's own.\n/.remedy/\n"


def files() -> dict[str, str]:
    """The files of a new home by their paths, the inventory apart."""
    return {
        "playbooks/tmp-full.yml": PLAYBOOK.format(schema=_schema("playbook")),
        "inventory/policy.yml": POLICY.format(schema=_schema("policy")),
        ".gitignore": IGNORED,
    }


def example_hosts() -> str:
    """The inventory of a new home that was given none."""
    return HOSTS.format(schema=_schema("inventory"))


def schema_line() -> str:
    """The first line of an inventory file, for editors."""
    return f"yaml-language-server: $schema={_schema('inventory')}"


def _schema(name: str) -> str:
    return str(shipped("schemas") / f"{name}.schema.json")
