"""`ansible_*` variables as the way to a host. What remedy cannot do is a reason to leave the host out, said aloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from remedy.actions.kinds import KINDS
from remedy.errors import Invalid
from remedy.load.addresses import parse_address, parse_engine, parse_host_key
from remedy.load.ansible.arguments import Asked, Jump, asked_by
from remedy.load.text import said
from remedy.model import Address, Host, Sourced

T = TypeVar("T")
_SSH = frozenset(
    ("ssh", "smart", "paramiko", "paramiko_ssh", "libssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh")
)
_DOCKER = frozenset(("docker", "community.docker.docker", "community.docker.docker_api", "community.general.docker"))
_LOCAL = frozenset(("local", "ansible.builtin.local"))
_TRUE = frozenset(("yes", "on", "1", "true", "t", "y"))
_FALSE = frozenset(("no", "off", "0", "false", "f", "n", ""))
_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_CHANGES_MEANING = {
    "ansible_docker_host": "its Docker engine is another machine's",
    "ansible_ssh_pkcs11_provider": "its key is on a token",
}


@dataclass
class Way:
    """The host, the hosts it is reached through, and what stands in the way."""

    host: Host
    jumps: list[Jump] = field(default_factory=list)
    jump_at: str = ""
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (FILE:LINE:COL, why)
    wrong: list[tuple[str, str, str, str]] = field(default_factory=list)  # (FILE:LINE:COL, message, rule, fix)
    unchecked_at: str = ""


def way_to(name: str, at: str, values: Mapping[str, Sourced], groups: tuple[str, ...]) -> Way:
    """How the host is reached, by its variables after all precedence."""
    return _Reader(name, at, values, groups).way()


@dataclass
class _Reader:
    name: str
    at: str
    values: Mapping[str, Sourced]
    groups: tuple[str, ...]

    def way(self) -> Way:
        self.found = Way(Host(name=self.name, address=Address(scheme="local")))
        asked = self._arguments()
        for variable, why in _CHANGES_MEANING.items():
            if variable in self.values:
                self._leave_out(self.values[variable].at, why)
        address = self._address(asked)
        if address is None and not self.found.wrong and not self.found.left_out:
            self._leave_out(self.at, "it has no address")
        self.found.host = Host(
            name=self.name,
            address=address or Address(scheme="local"),
            identity=self._text("ansible_private_key_file", "ansible_ssh_private_key_file") or asked.identity,
            host_key=tuple(self._keys()),
            known_hosts=self._text("remedy_known_hosts") or asked.known_hosts,
            become=self._becomes(),
            via=self._text("remedy_via"),
            engine=self._tried(parse_engine, "remedy_engine") or "",
            environment=self._text("remedy_environment"),
            quarantine=self._tried(_directory, "remedy_quarantine") or "",
            groups=self.groups,
            vars=dict(self.values),
            at=self.at,
        )
        if address is not None and address.scheme == "docker":  # nobody logs in to a container, and it has no key
            is_root = self.found.host.become or self._container_user() == "root"
            self.found.host = replace(self.found.host, become=is_root, identity="", host_key=(), known_hosts="")
        return self.found

    # ------------------------------------------------------------ reading values

    def _set(self, *names: str) -> str:
        """The last of these names that is set, as Ansible chooses among its spellings; "" where none is."""
        return next((n for n in reversed(names) if n in self.values and self.values[n].value is not None), "")

    def _given(self, *names: str) -> bool:
        """Whether one of these is set, and not to an empty text."""
        name = self._set(*names)
        return bool(name) and (self.values[name].value != "" or bool(self.values[name].unread))

    def _text(self, *names: str) -> str:
        name = self._set(*names)
        if not name:
            return ""
        found = self.values[name]
        if found.unread:
            self._leave_out(found.at, f"{name} {found.unread}")
            return ""
        if isinstance(found.value, str | int) and not isinstance(found.value, bool):
            return str(found.value)
        self._wrong(name, "wanted text")
        return ""

    def _tried(self, parse: Callable[[str], T], *names: str) -> T | None:
        """The parsed text under these names; what is wrong with it is said of the name that is set."""
        text = self._text(*names)
        if not text:
            return None
        try:
            return parse(text)
        except Invalid as wrong:
            self._wrong(self._set(*names), wrong.message, wrong.fix)
            return None

    def _truth(self, name: str) -> bool:
        found = self.values.get(name)
        if found is None or found.value is None:
            return False
        if isinstance(found.value, bool):
            return found.value
        text = self._text(name).lower()
        if text not in _TRUE | _FALSE:
            self._wrong(name, "wanted true or false")
        return text in _TRUE

    def _keys(self) -> list[str]:
        found = self.values.get("remedy_host_key")
        listed = found.value if found and isinstance(found.value, list) else [found.value] if found else []
        keys = []
        for one in listed:
            try:
                keys.append(parse_host_key(str(one)))
            except Invalid as wrong:
                self._wrong("remedy_host_key", wrong.message, wrong.fix)
        return keys

    # ------------------------------------------------------------ the way

    def _address(self, asked: Asked) -> Address | None:
        connection = self._text("ansible_connection") or "ssh"
        if connection in _LOCAL:
            return Address(scheme="local")
        if connection in _DOCKER:
            if self._container_user() not in ("", "root"):
                at = self.values[self._set("ansible_user", "ansible_ssh_user")].at
                self._leave_out(at, "remedy enters a container as its own user or as root")
            if not self._given("ansible_host"):
                return self._as_container()
            return self._tried(lambda t: parse_address(f"docker://{t}"), "ansible_host")
        if connection not in _SSH:
            at = self.values["ansible_connection"].at
            self._leave_out(at, f"it is reached by {connection}; remedy speaks ssh, docker and local")
            return None
        if self._text("ansible_shell_type") in ("powershell", "cmd"):
            self._leave_out(self.values["ansible_shell_type"].at, "its shell is not POSIX sh")
        user = self._tried(lambda t: parse_address(f"ssh://{t}@x").user, "ansible_user", "ansible_ssh_user")
        port = self._tried(lambda t: parse_address(f"ssh://x:{t}").port, "ansible_port", "ansible_ssh_port")
        named = self._named(asked)
        return named and replace(named, user=user or named.user, port=port or named.port)

    def _named(self, asked: Asked) -> Address | None:
        """The host by its own name or by ansible_host, with the login and port that ssh's arguments say."""
        rest = f":{asked.port}" if asked.port else ""
        at = f"{asked.user}@" if asked.user else ""
        if not self._given("ansible_host", "ansible_ssh_host"):
            try:
                return parse_address(f"ssh://{at}{self.name}{rest}")
            except Invalid as wrong:
                self._leave_out(self.at, f"its name is no address ({wrong.message}); say ansible_host=ADDRESS")
                return None
        return self._tried(
            lambda t: parse_address(f"ssh://{at}{_bracketed(t)}{rest}"), "ansible_host", "ansible_ssh_host"
        )

    def _as_container(self) -> Address | None:
        try:
            return parse_address(f"docker://{self.name}")
        except Invalid as wrong:
            self._leave_out(self.at, f"its name is no container's ({wrong.message}); say ansible_host=CONTAINER")
            return None

    def _container_user(self) -> str:
        return self._text("ansible_user", "ansible_ssh_user")

    def _becomes(self) -> bool:
        if not self._truth("ansible_become"):
            return False
        for name, allowed in (("ansible_become_method", ("sudo", "")), ("ansible_become_user", ("root", ""))):
            text = self._text(name)
            if text.removeprefix("ansible.builtin.") not in allowed:
                self._leave_out(self.values[name].at, f"it becomes {text}; remedy becomes root, by sudo -n")
        return True

    def _arguments(self) -> Asked:
        whole = Asked()
        for name in _ARGUMENTS:
            text = self._text(name)
            if not text:
                continue
            asked = asked_by(text)
            at = self.values[name].at
            for why in asked.refused:
                self._leave_out(at, f"{name}: {why}")
            if asked.jumps and not whole.jumps:
                whole.jumps = self.found.jumps = asked.jumps
                self.found.jump_at = at
            self.found.unchecked_at = self.found.unchecked_at or (at if asked.unchecked else "")
            for part in ("known_hosts", "identity", "user", "port"):
                setattr(whole, part, getattr(whole, part) or getattr(asked, part))
        return whole

    def _leave_out(self, at: str, why: str) -> None:
        if (at, why) not in self.found.left_out:
            self.found.left_out.append((at, why))

    def _wrong(self, name: str, rule: str, fix: str = "") -> None:
        value = self.values[name]
        shown = value.value if isinstance(value.value, str | int | float | bool) else None
        self.found.wrong.append((value.at, said(name, shown, named=True), rule, fix))


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def _directory(value: str) -> str:
    path = KINDS["path"].parse(value)
    if path == "/":
        raise Invalid("wanted a directory of its own, on another filesystem")
    return str(path)
