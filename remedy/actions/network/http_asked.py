"""What the checks of web addresses share: where, by which roots, with which headers, and what the answer must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from remedy.actions.params import Content, Path, Text, Url, param
from remedy.errors import Invalid
from remedy.model import SecretRef

HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*", re.ASCII)  # RFC 9110, 5.1
EXPECTED = re.compile(r"[^=\n]{1,200}=[^\n]{0,200}")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A web address, as it is asked from the host."""

    url: Url = param("The address, http or https; never with a secret in it")
    status: tuple[int, ...] = param("Statuses that are right", default=[200], minItems=1)
    headers: Content | None = param(
        "Headers to send, a line each, such as `Authorization: Bearer {{ key }}`, with a secret for the key",
        default=None,
    )
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's (curl, wget)", default=None)

    def __post_init__(self) -> None:
        wrong = [s for s in self.status if not 200 <= s <= 599]
        if wrong:
            raise Invalid(f"wanted statuses from 200 to 599, found {wrong[0]}", at="status")
        text = "".join(piece if isinstance(piece, str) else "?" for piece in self.headers or ())
        if not all(HEADER.fullmatch(line) for line in text.removesuffix("\n").split("\n") if self.headers):
            raise Invalid("wanted headers, a line each", at="headers", fix="for example Accept: application/json")

    @property
    def statuses(self) -> str:
        """The statuses in one argument."""
        return " ".join(map(str, self.status))

    @property
    def pieces(self) -> tuple[str | SecretRef, ...]:
        """The headers as shell functions take them: what a piece is, and the piece."""
        pairs = (("t" if isinstance(piece, str) else "s", piece) for piece in self.headers or ())
        return tuple(word for pair in pairs for word in pair)


def expected(json: tuple[Text, ...]) -> str:
    """What JSON must say, as one argument. Raises Invalid for what is not PATH=VALUE."""
    if not all(EXPECTED.fullmatch(line) for line in json):
        raise Invalid("wanted PATH=VALUE", at="json", fix="for example components.database=ok")
    return "\n".join(json)


def unlike(json: tuple[Text, ...], facts: Mapping[str, str]) -> tuple[str, ...]:
    """What the page says otherwise, for people."""
    found = []
    for number, line in enumerate(json, start=1):
        path, _, wanted = line.partition("=")
        kind, _, said = facts.get(f"json:{number}", "absent").partition(" ")
        if kind != "is":
            found.append(f"{path} is not there")
        elif said != wanted:
            found.append(f"{path} is {said!r}, not {wanted!r}")
    return tuple(found)
