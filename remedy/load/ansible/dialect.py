"""YAML as Ansible's files have it: remedy's own reader, with what Ansible understands and remedy's files may not hold.

Anchors and merge keys are read, within the same bound on values; yes and no are true and false; a key may be a number.
What is read by nobody alike (0644, 22:22, 1.10, dates) and what is encrypted is kept as `Opaque` text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from remedy.errors import Invalid
from remedy.load import scalars
from remedy.load.ansible.opaque import ENCRYPTED, Opaque
from remedy.load.documents import MOST_NODES, Builder, Document, Frame, Stop, built
from remedy.load.problems import below
from remedy.load.text import shown
from remedy.model import Json

# YAML 1.1, https://yaml.org/type/bool.html, as far as PyYAML and with it Ansible reads it.
_TRUE = frozenset(("yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("no", "No", "NO", "off", "Off", "OFF"))


def read_as_ansible(content: bytes, file: str) -> Document:
    """The document in these bytes. What is wrong with it is in `flaws`; an empty file is a document of nothing."""
    return built(AnsibleBuilder(file), content)


@dataclass
class _Beside:
    """What is kept of an open list or mapping beside its frame."""

    anchor: str | None
    nodes_before: int
    merged: list[Json] = field(default_factory=list)
    merge_comes: bool = False


@dataclass
class AnsibleBuilder(Builder):
    """The builder for files of Ansible's."""

    anchors: dict[str, tuple[Json, int] | None] = field(default_factory=dict)  # None: still open
    beside: list[_Beside] = field(default_factory=list)

    def take(self, event: Any) -> None:
        match event:
            case yaml.AliasEvent():
                self._use(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.StreamEndEvent() if not self.documents:
                self.documents = 1  # nothing but comments: a file of no variables
                self.places[""] = self.place_of(event)
            case _:
                super().take(event)

    def open_(self, event: Any, value: list[Json] | dict[str, Json]) -> None:
        before = self.nodes
        super().open_(event, value)
        self.beside.append(_Beside(event.anchor, before))
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def scalar(self, event: Any) -> None:
        frame = self.frames[-1] if self.frames else None
        is_key = frame is not None and isinstance(frame.value, dict) and frame.key is None
        super().scalar(event)
        if event.anchor is not None and not is_key:
            self.anchors[event.anchor] = (self.value_of(event), 1)

    def value_of(self, event: Any) -> Json:
        text = str(event.value)
        if event.tag == "!vault":
            return Opaque.of("", ENCRYPTED)
        if event.style or event.tag is not None:
            return text
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        try:
            return scalars.meaning(text)
        except Invalid as wrong:
            return Opaque.of(text, f"is ambiguous: {wrong.message}; {wrong.fix}")

    def decorations(self, event: Any) -> None:
        if event.tag not in (None, "!vault", "!unsafe"):
            self.flaw(event, f"{shown(event.tag)} is a tag", "of tags, only !vault and !unsafe are read", "remove it")

    def key(self, event: Any, frame: Frame, why: str) -> None:
        name = str(event.value)
        if name == "<<" and not event.style:
            frame.key, frame.dropped = name, True
            self.beside[-1].merge_comes = True
            self.nodes += 1
            return
        pointer = below(frame.pointer, name)
        frame.key, frame.dropped = name, True
        self.nodes += 1
        if why:
            self.flaw(event, f"the key {shown(name)} {why}", "keys are text that a reader can see")
        elif pointer in self.keys:
            twice = f"the key {shown(name)} is here twice, first at {self.keys[pointer]}"
            self.flaw(event, twice, "a key stands once; Ansible takes the last", "remove one")
        else:
            self.keys[pointer] = self.place_of(event)
            frame.dropped = False

    def put(self, value: Json, event: Any) -> None:
        if self.beside and self.beside[-1].merge_comes and self.frames[-1].key == "<<":
            self.beside[-1].merge_comes = False
            self.beside[-1].merged.append(value)
        super().put(value, event)

    def _use(self, event: Any) -> None:
        name = shown(event.anchor)[1:-1]
        if self.frames and isinstance(self.frames[-1].value, dict) and self.frames[-1].key is None:
            self.flaw(event, f"*{name} is a key", "keys are plain text")
            raise Stop
        found = self.anchors.get(event.anchor, (None, 0))
        if found is None:
            self.flaw(event, f"*{name} holds itself", "a value ends somewhere", "write it out")
            found = (None, 0)
        elif event.anchor not in self.anchors:
            self.flaw(event, f"no anchor before this is called {name}")
        value, size = found
        self.nodes += size
        if self.nodes > MOST_NODES:
            self.flaw(event, f"*{name} makes this file hold more than {MOST_NODES} values", "", "write it out")
            raise Stop
        self.put(value, event)

    def _close(self, event: Any) -> None:
        frame, beside = self.frames.pop(), self.beside.pop()
        if isinstance(frame.value, dict):
            for merged in beside.merged:
                self._merge(frame, frame.value, merged, event)
        if beside.anchor is not None:
            self.anchors[beside.anchor] = (frame.value, self.nodes - beside.nodes_before)

    def _merge(self, frame: Frame, into: dict[str, Json], value: Json, event: Any) -> None:
        """What `<<` brings: the mapping's own keys win, then the earlier of several."""
        place = self.places.get(below(frame.pointer, "<<"), self.place_of(event))
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                self.flaw(event, "<< brings what is no mapping")
                return
            for name, inner in one.items():
                if name not in into:
                    into[name] = inner
                    self.places[below(frame.pointer, name)] = place
