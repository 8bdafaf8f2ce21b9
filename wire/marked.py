"""What does a YAML file say, and on which line?

Scalars stay the text written: `NO` is an alias and `000660` a ticker, never a boolean or a number. Every mistake is
collected with its line, so that a person mends a file once, not once a run. Mappings made by other readers
(CSV, JSON lines) take the same shape, so that one set of checks serves all.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_DEPTH = 20  # our files are five deep; the parser's own recursion ends near a thousand
MAX_VALUES = 5_000_000  # after anchors are expanded; a watchlist of 200,000 entities has about two million
MANY = 12  # names that fit a line


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, as written; a missing value is the empty text."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    items: "tuple[Value, ...]"
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; `lines` says where each key stands."""

    items: "Mapping[str, Value]"
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


Value = Text | Sequence | Table


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong in a file, and how to mend it."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class Mistakes:
    """The mistakes found so far in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Mistake] = []

    def add(self, line: int, what: str) -> None:
        self.found.append(Mistake(self.file, line, what))

    def __bool__(self) -> bool:
        return bool(self.found)


def parse(text: str, mistakes: Mistakes) -> Value | None:
    """The one document in `text`; None when there is none or it cannot be read (which is then a mistake)."""
    try:
        return _Reader(text, mistakes).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        mistakes.add(mark.line + 1 if mark else 1, f"not readable as YAML: {error.problem or error.context}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        mistakes.add(line, f"not readable as YAML: character U+{_code(error.character):04X} is not allowed; remove it")
    except _TooMuch as error:
        mistakes.add(error.line, str(error))
    return None


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that ends a sentence: the nearest known word, or all of them."""
    names = {name.casefold(): name for name in sorted(known)}
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {names[near[0]]!r}?"
    shown = list(names.values())[:MANY]
    return f"known: {', '.join(shown)}{', …' if len(names) > MANY else ''}" if names else "there is none in this file"


def table(value: Value, known: Iterable[str], what: str, mistakes: Mistakes) -> Table | None:
    """`value` as a mapping with `known` keys only; None, and a mistake, when it is none."""
    if not isinstance(value, Table):
        mistakes.add(value.line, f"{what} must be a mapping of {', '.join(known)}, not {_kind(value)}")
        return None
    for key in value.items:
        if key not in known:
            mistakes.add(value.line_of(key), f"unknown key {key!r} in {what}; {nearest(key, known)}")
    return value


def sequence(value: Value | None, what: str, mistakes: Mistakes) -> tuple[Value, ...]:
    """`value` as a list; nothing written is an empty one."""
    if value is None or (isinstance(value, Text) and not value.value):
        return ()
    if not isinstance(value, Sequence):
        mistakes.add(value.line, f"{what} must be a list, not {_kind(value)}; write it as [a, b] or one '- ' a line")
        return ()
    return value.items


def text(parent: Table, key: str, what: str, mistakes: Mistakes, *, required: bool = False) -> str:
    """The text under `key`, with blanks at its ends removed; empty when it is missing or no text."""
    value = parent.items.get(key)
    if isinstance(value, Sequence | Table):
        mistakes.add(value.line, f"{key!r} of {what} must be a text, not {_kind(value)}")
        return ""
    found = value.value.strip() if value else ""
    if required and not found:
        state = "is empty" if value else "is missing"
        mistakes.add(parent.line_of(key), f"{key!r} of {what} {state}; write '{key}: …'")
    return found


def plain(value: Value) -> object:
    """The value without its lines: texts, lists, dictionaries."""
    if isinstance(value, Text):
        return value.value
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    return {key: plain(item) for key, item in value.items.items()}


class _TooMuch(Exception):
    """The file is not of our making: stop before it costs memory."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class _Reader:
    """Builds values from events: that keeps lines, sees duplicate keys and bounds what anchors expand to."""

    def __init__(self, text: str, mistakes: Mistakes) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self._mistakes = mistakes
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._count = 0

    def document(self) -> Value | None:
        found: list[Value] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                found.append(self._value(next(self._events), 0))
                if len(found) > 1:
                    self._mistakes.add(_line(event), "a second document ('---') begins here; one file holds one")
        return found[0] if found else None

    def _value(self, event: Any, depth: int) -> Value:
        self._bound(event, 1, depth)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._count
        value = self._fresh(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._count - before + 1)
        return value

    def _fresh(self, event: Any, depth: int) -> Value:
        if isinstance(event, yaml.ScalarEvent):
            return Text(_scalar(event), _line(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(yaml.SequenceEndEvent, depth)), _line(event))
        return self._table(event, depth)

    def _items(self, end: type[yaml.Event], depth: int) -> Iterator[Value]:
        while not isinstance(event := next(self._events), end):
            yield self._value(event, depth + 1)

    def _table(self, start: Any, depth: int) -> Table:
        parts = list(self._items(yaml.MappingEndEvent, depth))
        items: dict[str, Value] = {}
        lines: dict[str, int] = {}
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Text):
                self._mistakes.add(key.line, "a key must be a text")
            elif key.value in items:
                first = lines[key.value]
                self._mistakes.add(key.line, f"{key.value!r} stands here a second time (first in line {first})")
            else:
                items[key.value] = value
                lines[key.value] = key.line
        return Table(items, _line(start), lines)

    def _alias(self, event: Any) -> Value:
        if event.anchor not in self._anchors:
            raise _TooMuch(_line(event), f"'*{event.anchor}' stands for nothing that is complete above this line")
        value, size = self._anchors[event.anchor]
        self._bound(event, size, 0)
        return value

    def _bound(self, event: Any, more: int, depth: int) -> None:
        self._count += more
        if self._count > MAX_VALUES:
            raise _TooMuch(
                _line(event), f"more than {MAX_VALUES:,} values up to here, anchors expanded; split the file"
            )
        if depth > MAX_DEPTH:
            raise _TooMuch(_line(event), f"nested deeper than {MAX_DEPTH} levels")


def _scalar(event: Any) -> str:
    """`~` and nothing are both "no value"; in quotes they are text."""
    value = str(event.value)
    return "" if value == "~" and not event.style else value


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _kind(value: Value) -> str:
    if isinstance(value, Text):
        return f"the text {value.value[:40]!r}" if value.value else "nothing"
    return "a list" if isinstance(value, Sequence) else "a mapping"


def _code(character: object) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")
