"""Which entities does a watchlist file name, and what is wrong with it?

YAML, CSV (name, type, aliases, tickers) or JSON lines, each also as `.gz`; `-` is standard input. The text in, entities
and mistakes out; only `load_watchlist` and `read` touch the disk.
"""

import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypedDict, get_args

from wire.errors import Misconfigured
from wire.marked import Mistakes, Sequence, Table, Text, Value, nearest, parse, sequence, table, text
from wire.watchlist import Entity, EntityId, EntityType, Strictness

TYPES: tuple[EntityType, ...] = get_args(EntityType)
LISTS = ("aliases", "tickers", "weak", "requires", "excludes", "languages")
KEYS = ("id", "name", "type", *LISTS, "case_sensitive", "strictness")
STRICTNESS: tuple[Strictness, ...] = get_args(Strictness)
TICKER = re.compile(r"[^\W_][\w.\-/:=]{0,19}|\^[\w.]{1,19}")
LETTER = re.compile(r"[^\W_]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
WORDS_FOR_TYPES: dict[str, EntityType] = {
    "person": "PER",
    "people": "PER",
    "company": "ORG",
    "organisation": "ORG",
    "organization": "ORG",
    "place": "LOC",
    "location": "LOC",
    "product": "PRO",
    "event": "EVT",
    "ticker": "ORG",
    "other": "MISC",
}


class _Bounds(NamedTuple):
    """What a name and a ticker may look like."""

    shortest: int
    longest: int
    ticker: re.Pattern[str]
    control: re.Pattern[str]


# The longest of 5,152 real names measured has 114 characters. One letter stands in every text; only a ticker, which
# needs its mark, may be that short.
STRICT = _Bounds(shortest=2, longest=200, ticker=TICKER, control=CONTROL)
# Lists as data vendors ship them: share classes ("JPM^C"), names of 226 characters, debris of a wrong encoding.
LENIENT = _Bounds(shortest=1, longest=1000, ticker=re.compile(r"[^\n]{1,40}"), control=re.compile(r"\n"))


class _Options(TypedDict):
    requires: tuple[str, ...]
    excludes: tuple[str, ...]
    languages: tuple[str, ...]
    case_sensitive: bool
    strictness: Strictness


def load_watchlist(path: str | Path) -> tuple[Entity, ...]:
    """The entities of one bare watchlist file.

    One-letter names, tickers in a vendor's spelling and further keys pass here: an engine may be tried on any list.
    What people subscribe to is checked more strictly.

    Raises:
        Misconfigured: with every mistake, one a line.
    """
    mistakes = Mistakes(str(path))
    written = read(path, mistakes)
    entities = parse_watchlist(written, str(path), mistakes, lenient=True) if written is not None else ()
    if mistakes:
        raise Misconfigured("\n".join(map(str, sorted(mistakes.found))))
    return entities


def read(path: str | Path, mistakes: Mistakes) -> str | None:
    """The text of a file, unpacked; None, and a mistake, when it cannot be read."""
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
        return _decoded(gzip.decompress(raw) if str(path).endswith(".gz") else raw, mistakes)
    except OSError as error:
        mistakes.add(1, f"cannot be read: {error.strerror or error}")
    except (EOFError, zlib.error) as error:
        mistakes.add(1, f"ends in .gz and is not a whole gzip file: {error}")
    return None


def parse_watchlist(written: str, name: str, mistakes: Mistakes, *, lenient: bool = False) -> tuple[Entity, ...]:
    """The entities in `written`; `name` (its ending, without .gz) tells the format, else its first character does."""
    ending = Path(name.removesuffix(".gz")).suffix.lower()
    if ending == ".csv":
        return entities_in(csv_rows(written, mistakes), mistakes, lenient=lenient)
    if ending in {".jsonl", ".ndjson"} or (ending not in {".yaml", ".yml"} and written.lstrip().startswith("{")):
        return entities_in(json_lines(written, mistakes), mistakes, lenient=lenient)
    value = parse(written, mistakes)
    return entities_in(_bare(value, mistakes), mistakes, lenient=lenient)


def entities_in(values: Iterable[Value], mistakes: Mistakes, *, lenient: bool = False) -> tuple[Entity, ...]:
    """Every entity; an id that stands twice is a mistake."""
    found: dict[str, int] = {}
    entities = []
    for value in values:
        entity = _entity(value, mistakes, lenient=lenient)
        if entity is None:
            continue
        if entity.id in found:
            mistakes.add(value.line, _twice(entity, found[entity.id]))
        else:
            found[entity.id] = value.line
            entities.append(entity)
    return tuple(entities)


def csv_rows(written: str, mistakes: Mistakes) -> list[Value]:
    """The rows of a table with a header line, separated by commas, semicolons or tabs; aliases by `|` (or `;`)."""
    header = written.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(written, newline=""), delimiter=separator, strict=True)
    rows: list[Value] = []
    try:
        columns = _columns(next(reader, []), mistakes)
        before = reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(cells, columns, before + 1, mistakes))
            before = reader.line_num
    except csv.Error as error:
        mistakes.add(max(reader.line_num, 1), f"not readable as CSV: {error}")
    return rows


def json_lines(written: str, mistakes: Mistakes) -> list[Value]:
    """One mapping a line; numbers stay the text written."""
    values: list[Value] = []
    for number, line in enumerate(written.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values.append(_marked(json.loads(line, parse_int=str, parse_float=str), number))
        except (ValueError, RecursionError) as error:
            mistakes.add(number, f"not readable as JSON: {error}")
    return values


def _decoded(raw: bytes, mistakes: Mistakes) -> str | None:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mistakes.add(raw.count(b"\n", 0, error.start) + 1, "is not UTF-8 here; save the file as UTF-8")
        return None


def _bare(value: Value | None, mistakes: Mistakes) -> tuple[Value, ...]:
    if isinstance(value, Table) and "watchlists" in value.items:
        mistakes.add(
            value.line_of("watchlists"),
            "holds whole watchlists; give a file with the entities of one, as a list or under 'entities:'",
        )
        return ()
    if isinstance(value, Table):
        value = value.items.get("entities", value)
    return sequence(value, "a watchlist", mistakes)


def _entity(value: Value, mistakes: Mistakes, *, lenient: bool) -> Entity | None:
    before = len(mistakes.found)
    known = (*KEYS, *value.items) if lenient and isinstance(value, Table) else KEYS
    bounds = LENIENT if lenient else STRICT
    written = table(value, known, "an entity", mistakes)
    if written is None:
        return None
    name = _name(text(written, "name", "an entity", mistakes, required=True))
    if name:
        _check_alias(name, written.line_of("name"), "name", mistakes, bounds)
    aliases = _aliases(written, mistakes, bounds)
    tickers = _tickers(written, mistakes, bounds)
    weak = _aliases(written, mistakes, bounds, key="weak")
    kind = _type(written, mistakes)
    options = _options(written, mistakes)
    if len(mistakes.found) > before:
        return None
    id_ = text(written, "id", "an entity", mistakes) or name
    return Entity(
        id=EntityId(id_),
        type=kind,
        name=name,
        aliases=tuple(alias for alias in aliases if alias != name and alias not in weak),
        tickers=tickers,
        weak=weak,
        **options,
    )


def _options(written: Table, mistakes: Mistakes) -> _Options:
    """What an entity asks beyond its names."""
    languages = tuple(code.strip().lower() for code, _ in _texts(written, "languages", mistakes))
    for code in languages:
        if not re.fullmatch(r"[a-z]{2}", code):
            mistakes.add(written.line_of("languages"), f"{code[:20]!r} is no language; write two letters, e.g. en")
    return _Options(
        requires=_phrases(written, "requires", mistakes),
        excludes=_phrases(written, "excludes", mistakes),
        languages=languages,
        case_sensitive=_is_yes(written, "case_sensitive", mistakes),
        strictness=_strictness(written, mistakes),
    )


def _phrases(written: Table, key: str, mistakes: Mistakes) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item, line in _texts(written, key, mistakes):
        if not any(character.isalnum() for character in item):
            mistakes.add(line, f"{item[:40]!r} under {key!r} has no letter and no digit to look for")
        found[_name(item)] = None
    return tuple(found)


def _is_yes(written: Table, key: str, mistakes: Mistakes) -> bool:
    answer = text(written, key, "an entity", mistakes).casefold()
    if answer not in {"", "true", "false", "yes", "no"}:
        mistakes.add(written.line_of(key), f"{key!r} must be true or false, not {answer[:20]!r}")
    return answer in {"true", "yes"}


def _strictness(written: Table, mistakes: Mistakes) -> Strictness:
    found = text(written, "strictness", "an entity", mistakes) or "normal"
    for point in STRICTNESS:
        if found == point:
            return point
    mistakes.add(written.line_of("strictness"), f"unknown strictness {found[:20]!r}; {nearest(found, STRICTNESS)}")
    return "normal"


def _type(written: Table, mistakes: Mistakes) -> EntityType:
    found = text(written, "type", "an entity", mistakes) or "MISC"
    for kind in TYPES:
        if found == kind:
            return kind
    meant = WORDS_FOR_TYPES.get(found.casefold()) or (found.upper() if found.upper() in TYPES else None)
    hint = f"write {meant}" if meant else f"known: {', '.join(TYPES)}"
    mistakes.add(written.line_of("type"), f"unknown type {found[:40]!r}; {hint}")
    return "MISC"


def _aliases(written: Table, mistakes: Mistakes, bounds: _Bounds, *, key: str = "aliases") -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item, line in _texts(written, key, mistakes):
        alias = _name(item)
        _check_alias(alias, line, "alias", mistakes, bounds)
        found[alias] = None
    return tuple(found)


def _tickers(written: Table, mistakes: Mistakes, bounds: _Bounds) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item, line in _texts(written, "tickers", mistakes):
        ticker = item.strip().removeprefix("$")
        if not ticker:
            mistakes.add(line, "an empty ticker; `~` means no value: put it in quotes if it is meant")
        elif not bounds.ticker.fullmatch(ticker):
            mistakes.add(line, f"{item[:40]!r} is no ticker; write it as the exchange does, e.g. MSFT, BRK.B or 000660")
        found[ticker] = None
    return tuple(found)


def _texts(written: Table, key: str, mistakes: Mistakes) -> list[tuple[str, int]]:
    texts = []
    for item in sequence(written.items.get(key), f"{key!r} of an entity", mistakes):
        if isinstance(item, Text):
            texts.append((item.value, item.line))
        else:
            mistakes.add(
                item.line, f"{key!r} of an entity must be a list of texts; put it in quotes if it has a ':' or '['"
            )
    return texts


def _check_alias(alias: str, line: int, what: str, mistakes: Mistakes, bounds: _Bounds) -> None:
    if not alias:
        mistakes.add(line, f"an empty {what}; remove it, or put it in quotes if it is not meant to be empty")
    elif len(alias) > bounds.longest:
        mistakes.add(
            line, f"{what} {alias[:30]!r}… has {len(alias):,} characters; at most {bounds.longest:,} are looked for"
        )
    elif len(alias) < bounds.shortest:
        mistakes.add(
            line,
            f"{what} {alias!r} is too short to look for; "
            f"at least {bounds.shortest} characters, or put it under 'tickers'",
        )
    elif not LETTER.search(alias):
        mistakes.add(line, f"{what} {alias!r} has no letter and no digit to look for")
    elif bounds.control.search(alias):
        mistakes.add(line, f"{what} {alias!r} holds a control character; remove it")


def _name(written: str) -> str:
    """Blanks and line ends inside a name are one blank each: YAML may have wrapped it."""
    return " ".join(written.split())


def _twice(entity: Entity, first: int) -> str:
    if entity.id != entity.name:
        return f"id {entity.id!r} stands here a second time (first in line {first}); ids are unique in a watchlist"
    return (
        f"entity {entity.name!r} stands here a second time (first in line {first}); "
        "put all aliases in one, or give one of them an 'id'"
    )


def _columns(header: list[str], mistakes: Mistakes) -> list[str]:
    columns = [cell.strip().casefold() for cell in header]
    for column in columns:
        if column not in KEYS:
            mistakes.add(1, f"unknown column {column!r}; {nearest(column, KEYS)}")
    if "name" not in columns:
        mistakes.add(1, "no column 'name'; the first line must be: name,type,aliases,tickers")
    return columns


def _row(cells: list[str], columns: list[str], line: int, mistakes: Mistakes) -> Table:
    if len(cells) > len(columns):
        mistakes.add(line, f"{len(cells)} cells under {len(columns)} columns; put a cell with a comma in it in quotes")
    items: dict[str, Value] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column in LISTS:
            parts = [part.strip() for part in re.split(r"[|;]", cell)]
            items[column] = Sequence(tuple(Text(part, line) for part in parts if part), line)
        elif column in KEYS:
            items[column] = Text(cell, line)
    return Table(items, line)


def _marked(value: object, line: int) -> Value:
    if isinstance(value, dict):
        return Table({str(key): _marked(item, line) for key, item in value.items()}, line)
    if isinstance(value, list):
        return Sequence(tuple(_marked(item, line) for item in value), line)
    if value is None:
        return Text("", line)
    if isinstance(value, bool):
        return Text(str(value).lower(), line)
    return Text(str(value), line)
