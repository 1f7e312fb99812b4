"""A file with a secret, from a playbook to the host and back: the value is in the file and nowhere else."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.home import DEADLINE_S, Done, Home
from tests.e2e.namespace import Namespace, missing

PLAYBOOK = """
playbook: password
summary: The application's password
params:
  password: {type: text, about: Its password}
  folder: {type: path, about: Where its configuration is}
symptom:
  - not: [file.matches: {path: "{{ folder }}/app.conf", contains: "rotated = yes"}]
steps:
  - id: config
    file.put: {path: "{{ folder }}/app.conf", content: "rotated = yes\\npassword = {{ password }}\\n", mode: "0640"}
  - id: told
    command.run:
      argv: [sh, "{{ folder }}/tell.sh", "{{ folder }}"]
      unless: [test, -e, "{{ folder }}/told"]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o700)
    for name in ("files", "shelf"):
        (tmp_path / name).mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
def namespace(place: Path) -> Iterator[Namespace]:
    if why := missing():
        pytest.skip(f"a place of one's own for leases needs user namespaces: {why}")
    made = Namespace.make("mount -t tmpfs -o mode=755 tmpfs /run", str(place))
    yield made
    made.end()


@pytest.mark.userns
def test_fault_096_the_value_is_in_the_file_and_nowhere_else(place: Path, namespace: Namespace) -> None:
    home, value = Home(place / "home"), secrets.token_urlsafe(18)
    (home.path / "playbooks/password.yml").write_text(PLAYBOOK)
    (place / "value").touch(0o600)
    (place / "value").write_text(value + "\n")
    params = {"folder": str(place / "files"), "password": {"secret": f"file:{place}/value"}}
    here = {"address": "local://", "quarantine": str(place / "shelf"), "vars": params}
    home.write_inventory({"hosts": {"here": here}})
    conf = place / "files/app.conf"
    (place / "files/tell.sh").write_text('cat "$1/app.conf"; touch "$1/told"')
    conf.write_text("password = the-old-password\n")
    said = []

    def remedy(*args: str) -> Done:
        done = subprocess.run(
            namespace.inside(*home.argv(*args)),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=home.environment(),
        )
        said.append(done.stdout + done.stderr)
        return Done(done.returncode, done.stdout, done.stderr)

    assert remedy("plan", "password", "--host", "here", "--out", str(home.path / "plan.json")).code == 0
    applied = remedy("apply", "password", "--host", "here", "--break-glass", "a test", "--json")
    assert applied.code == 0, said[-1]
    assert conf.read_text() == f"rotated = yes\npassword = {value}\n"
    assert "[secret]" in json.dumps(remedy("show", applied.document["run"], "--json").document)  # grep told it
    assert remedy("undo", applied.document["run"], "--break-glass", "a test").code == 0, said[-1]
    assert conf.read_text() == "password = the-old-password\n"
    assert list((place / "shelf").iterdir()) == []
    kept = {str(path): path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    kept["what was printed"] = "".join(said).encode()
    forms = [value, value.encode().hex(), base64.b64encode(value.encode()).decode()[:-4], "the-old-password"]
    hits = [(name, form) for name, text in kept.items() for form in forms if form.encode() in text]
    assert hits == []
    assert any(b"rotated = yes" in text for text in kept.values())  # or the scan would prove nothing
