"""What `ansible_ssh_common_args` and its like say, as far as remedy can keep it; nothing of it is ever run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from remedy.errors import Invalid

# Options of ssh(1) that change how, not whom one talks to: remedy's own connection answers for them.
_HARMLESS = frozenset((
    "addkeystoagent", "batchmode", "checkhostip", "ciphers", "compression", "connectionattempts", "connecttimeout",
    "controlmaster", "controlpath", "controlpersist", "forwardagent", "gssapiauthentication",
    "gssapidelegatecredentials", "hashknownhosts", "hostkeyalgorithms", "identitiesonly", "ipqos",
    "kbdinteractiveauthentication", "kexalgorithms", "loglevel", "macs", "numberofpasswordprompts",
    "passwordauthentication", "preferredauthentications", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes",
    "pubkeyauthentication", "requesttty", "sendenv", "serveralivecountmax", "serveraliveinterval", "tcpkeepalive",
    "updatehostkeys", "verifyhostkeydns", "visualhostkey",
))  # fmt: skip
_FLAGS = frozenset("aACkKnNqtTvxX46")
_JUMP = re.compile(r"(?:ssh://)?(?:([^@/\s]+)@)?(\[[^\]/\s]+\]|[^:/@\s]+)(?::([0-9]{1,5}))?/?", re.ASCII)


@dataclass(frozen=True)
class Jump:
    """A host to go through, as ssh's arguments name it."""

    name: str
    user: str = ""
    port: int = 22
    identity: str = ""

    @property
    def address(self) -> str:
        """As remedy writes an address."""
        at = f"{self.user}@" if self.user else ""
        return f"ssh://{at}{self.name}:{self.port}"


@dataclass
class Asked:
    """What a line of arguments asks for."""

    jumps: list[Jump] = field(default_factory=list)
    known_hosts: str = ""
    identity: str = ""
    user: str = ""
    port: str = ""
    unchecked: bool = False  # it asks for keys not to be checked; they are
    refused: list[str] = field(default_factory=list)  # what cannot be kept, each with its reason


def asked_by(text: str) -> Asked:
    """The arguments' meaning. What is not understood is in `refused`."""
    found = Asked()
    try:
        words = iter(shlex.split(text))
    except ValueError as wrong:
        found.refused.append(f"its arguments are not read to their end ({str(wrong).lower()})")
        return found
    for word in words:
        _take(word, words, found)
    return found


def _take(word: str, words: Iterator[str], found: Asked) -> None:
    flag, rest = word[:2], word[2:]
    if flag in ("-o", "-J", "-i", "-l", "-p", "-F", "-S", "-D", "-L", "-R", "-W", "-b", "-c", "-m", "-e", "-E"):
        value = rest or next(words, "")
        _with_value(flag, value, found)
    elif word.startswith("-") and len(word) > 1 and set(word[1:]) <= _FLAGS:
        return
    else:
        found.refused.append(f"{word} is no option that remedy knows")


def _with_value(flag: str, value: str, found: Asked) -> None:
    match flag:
        case "-o":
            name, _, setting = value.replace("=", " ", 1).strip().partition(" ")
            _option(name.lower(), setting.strip(), found)
        case "-J":
            _option("proxyjump", value, found)
        case "-i":
            found.identity = value
        case "-l":
            found.user = value
        case "-p":
            found.port = value
        case "-c" | "-m" | "-S" | "-E":
            return
        case _:
            found.refused.append(f"{flag} is not kept")


def _option(name: str, value: str, found: Asked) -> None:
    match name:
        case "proxyjump":
            _jumps(value, found)
        case "proxycommand":
            _command(value, found)
        case "stricthostkeychecking":
            found.unchecked = found.unchecked or value.lower() in ("no", "off", "accept-new")
        case "userknownhostsfile":
            if value == "/dev/null":
                found.unchecked = True
            else:
                found.known_hosts = value.split(" ", maxsplit=1)[0]
        case "identityfile":
            found.identity = value
        case "user":
            found.user = value
        case "port":
            found.port = value
        case _:
            if name not in _HARMLESS:
                found.refused.append(f"the option {name} is not kept")


def _jumps(value: str, found: Asked) -> None:
    if value.lower() == "none":
        return
    for one in value.split(","):
        try:
            found.jumps.append(jump_of(one))
        except Invalid as wrong:
            found.refused.append(wrong.message)


def jump_of(text: str) -> Jump:
    """A jump host as ProxyJump writes it: [ssh://][USER@]HOST[:PORT]. Raises Invalid."""
    match = _JUMP.fullmatch(text.strip())
    if not match or "%" in text:
        raise Invalid(f"the jump host {text.strip()} is not understood")
    return Jump(name=match[2], user=match[1] or "", port=int(match[3] or 22))


def _command(value: str, found: Asked) -> None:
    """`ssh -W %h:%p JUMP` and its spellings are a jump host; every other command is never run."""
    if value.lower() == "none":
        return
    refusal = "a ProxyCommand runs a program, which remedy never does"
    try:
        words = shlex.split(value)
    except ValueError:
        words = []
    if not words or words[0].rpartition("/")[2] != "ssh":
        found.refused.append(refusal)
        return
    jump = _forwarded(words[1:])
    if jump is None:
        found.refused.append(refusal)
    else:
        found.jumps.append(jump)


def _forwarded(words: list[str]) -> Jump | None:
    inner = Asked()
    rest, target, forwards = iter(words), "", False
    for word in rest:
        if word.startswith("-W"):
            forwards = (word[2:] or next(rest, "")) in ("%h:%p", "[%h]:%p")
        elif word.startswith("-"):
            _take(word, rest, inner)
        elif target:
            return None
        else:
            target = word
    if not forwards or not target or inner.refused or inner.jumps:
        return None
    try:
        jump = jump_of(target)
    except Invalid:
        return None
    port = int(inner.port) if inner.port.isdecimal() and len(inner.port) < 6 else jump.port
    return Jump(name=jump.name, user=jump.user or inner.user, port=port, identity=inner.identity)
