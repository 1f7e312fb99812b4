"""YAML text as values that know where they were written, without YAML's traps.

Everything is built from the parser's events, so depth and size are bounded before anything is
made, and nothing is ever expanded, constructed or merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from remedy.errors import Invalid
from remedy.load import scalars
from remedy.load.problems import Flaw, Flaws, Place, below
from remedy.load.reading import read_bytes, text_of
from remedy.load.text import HIDDEN, UNSEEN_FIX, is_secretive, shown, shown_path, unseen_in
from remedy.model import Json

DEEPEST = 64
MOST_NODES = 50_000
MOST_SHARED = 5  # anchors and aliases that are named; a file full of them is one problem


@dataclass(frozen=True, kw_only=True)
class Document:
    """One file's value, the place of every value and key in it, and what is wrong so far.

    `places` and `keys` map JSON pointers; the root is "". Where reading had to stop, it is not
    whole, and what it lacks says nothing.
    """

    file: str
    value: Json
    places: Mapping[str, Place]
    keys: Mapping[str, Place]
    flaws: Flaws
    is_whole: bool

    def place(self, pointer: str) -> Place:
        """Where the value at this pointer is written, or the nearest thing around it."""
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, Place(self.file))

    def key_place(self, pointer: str) -> Place:
        """Where the key of this pointer is written; for list members, where the value is."""
        return self.keys.get(pointer) or self.place(pointer)


def read_document(path: Path) -> Document:
    """The document in a file. Raises Invalid when there is no such readable, small, regular file."""
    return parse_document(read_bytes(path), shown_path(path))


def parse_document(content: bytes, file: str) -> Document:
    """The document in these bytes. What is wrong with it is in `flaws`; never raises for content."""
    return built(Builder(file), content)


def built(build: Builder, content: bytes) -> Document:
    """The document that a builder makes of these bytes."""
    text = text_of(content, build.file, build.flaws)
    if text is not None:
        build.read(text)
    return Document(
        file=build.file,
        value=build.root,
        places=build.places,
        keys=build.keys,
        flaws=build.flaws,
        is_whole=bool(build.places) and not build.stopped,
    )


@dataclass
class Frame:
    """A mapping or list that is being read. `key` is set while a mapping waits for its value."""

    value: list[Json] | dict[str, Json]
    pointer: str
    key: str | None = None
    dropped: bool = False  # the value that comes belongs to a key that was refused


class Stop(Exception):
    """Nothing sensible can be read after this."""


@dataclass
class Builder:
    """Takes the parser's events. What a dialect of YAML reads otherwise, a subclass says."""

    file: str
    root: Json = None
    places: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    flaws: Flaws = field(default_factory=Flaws)
    frames: list[Frame] = field(default_factory=list)
    nodes: int = 0
    stopped: bool = False
    shared: int = 0
    documents: int = 0

    def read(self, text: str) -> None:
        try:
            for event in _events(text):
                self.take(event)
                if self.documents > 1:  # the first one is whole
                    break
        except yaml.MarkedYAMLError as error:
            self._syntax(error, text)
        except Stop:
            self.stopped = True
        if not self.documents and not self.flaws.found:
            self.flaws.add(Flaw("", Place(self.file, 1, 1), "the file is empty"))

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self.scalar(event)
            case yaml.MappingStartEvent():
                self.open_(event, {})
            case yaml.SequenceStartEvent():
                self.open_(event, [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.frames.pop()
            case yaml.AliasEvent():
                self.alias(event, "*", "an alias")
                self.put(None, event)
            case yaml.DocumentStartEvent():
                self._document(event)
            case _:
                pass

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.flaw(event, "a second document begins here", "a file is one document", "remove what follows ---")
            return
        if event.version or event.tags:
            self.flaw(event, "a % directive", "directives are refused", "remove it")

    def open_(self, event: Any, value: list[Json] | dict[str, Json]) -> None:
        pointer = self.next_pointer(event)
        if len(self.frames) >= DEEPEST:
            self.flaw(event, f"is nested deeper than {DEEPEST} levels")
            raise Stop
        frame = Frame(value, pointer)
        self.decorations(event)
        self.put(value, event)
        self.frames.append(frame)

    def scalar(self, event: Any) -> None:
        self.decorations(event)
        why = unseen_in(event.value)
        frame = self.frames[-1] if self.frames else None
        if frame and isinstance(frame.value, dict) and frame.key is None:
            self.key(event, frame, why)
            return
        if why:
            self.flaw(event, f"{self._shown(event)} {why}", "values are text that a reader can see", UNSEEN_FIX)
        self.put(self.value_of(event), event)

    def value_of(self, event: Any) -> Json:
        if event.style or event.tag is not None:  # quoted, folded or literal: text as it stands
            return str(event.value)
        try:
            return scalars.meaning(event.value)
        except Invalid as wrong:
            said = self._shown(event)
            self.flaw(event, f"{said} is ambiguous", wrong.message, "quote it" if said == HIDDEN else wrong.fix)
            return str(event.value)

    def _shown(self, event: Any) -> str:
        return HIDDEN if is_secretive(self.pointer()) else shown(event.value)

    def key(self, event: Any, frame: Frame, why: str) -> None:
        name = str(event.value)
        assert isinstance(frame.value, dict)
        pointer = below(frame.pointer, name)
        frame.key, frame.dropped = name, True
        self.nodes += 1
        if why or not name.isascii():
            wrong = why or "holds letters that are not ASCII"
            self.flaw(event, f"the key {shown(name)} {wrong}", "keys are plain ASCII text")
        elif not event.style and (name == "<<" or not isinstance(self.value_of(event), str)):
            fix = "quote it, or write it out"
            self.flaw(event, f"{shown(name)} is no key", "keys are text, and there is no merging", fix)
        elif pointer in self.keys:
            first = self.keys[pointer]
            twice = f"the key {shown(name)} is here twice, first at {first}"
            self.flaw(event, twice, "a key stands once", "remove one")
        else:
            self.keys[pointer] = self.place_of(event)
            frame.dropped = False

    def put(self, value: Json, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.flaw(event, f"holds more than {MOST_NODES} values")
            raise Stop
        self.places.setdefault(self.next_pointer(event), self.place_of(event))
        frame = self.frames[-1] if self.frames else None
        if frame is None:
            self.root = value
        elif isinstance(frame.value, list):
            frame.value.append(value)
        else:
            assert frame.key is not None
            if not frame.dropped:
                frame.value[frame.key] = value
            frame.key = None

    def next_pointer(self, event: Any) -> str:
        if not self.frames:
            return ""
        frame = self.frames[-1]
        if isinstance(frame.value, list):
            return below(frame.pointer, len(frame.value))
        if frame.key is None:
            self.flaw(event, "a key that is no text", "keys are plain text")
            raise Stop
        return below(frame.pointer, frame.key)

    def decorations(self, event: Any) -> None:
        if event.anchor is not None:
            self.alias(event, "&", "an anchor")
        if event.tag is not None:
            self.flaw(event, f"{shown(event.tag)} is a tag", "tags are refused", "remove it; quote what is text")

    def alias(self, event: Any, sign: str, what: str) -> None:
        self.shared += 1
        if self.shared <= MOST_SHARED:
            name = shown(event.anchor)[1:-1]
            self.flaw(event, f"{sign}{name} is {what}", "anchors and aliases are refused", "write it out")

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> None:
        self.stopped = True
        mark = error.problem_mark or error.context_mark
        place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)
        if "\t" in text.splitlines()[mark.line][: mark.column + 1] if mark and mark.line < text.count("\n") else False:
            self.flaws.add(Flaw("", place, "a tab", "YAML is indented by spaces", "indent with spaces"))
            return
        if "maximum nesting depth" in (error.problem or ""):  # libyaml reads ahead, and has a limit of its own
            self.flaws.add(Flaw("", place, f"is nested deeper than {DEEPEST} levels"))
            return
        context = f" {error.context}" if error.context else ""
        self.flaws.add(Flaw("", place, f"is not YAML:{context} {error.problem or 'cannot be read'}"))

    def flaw(self, event: Any, message: str, rule: str = "", fix: str = "") -> None:
        self.flaws.add(Flaw(self.pointer(), self.place_of(event), message, rule, fix))
        if self.flaws.cut:
            raise Stop

    def pointer(self) -> str:
        """What is being read now."""
        if not self.frames:
            return ""
        frame = self.frames[-1]
        member = len(frame.value) if isinstance(frame.value, list) else frame.key
        return frame.pointer if member is None else below(frame.pointer, member)

    def place_of(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)


def _events(text: str) -> Iterator[Any]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: Iterator[Any] = yaml.parse(text, Loader=loader)
    return events
