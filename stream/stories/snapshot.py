"""How does the window become bytes and back?"""

import hashlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.stories.postings import Postings, Rings
from stream.stories.rarity import Rarity, Sketch
from wire.messages import StoryId

MAGIC = b"newswatch stories 2\n"  # a layout that cannot be read by this one gets another number
_DIGEST = 32


class Table(msgspec.Struct, frozen=True, array_like=True):
    """The rows of a table of counters that are not all zero."""

    rows: bytes
    values: bytes


class State(msgspec.Struct, frozen=True, array_like=True):
    """All that a window is made of; what can be computed from the records is left out."""

    articles: int
    seconds: float
    memory_seconds: float
    clock: float
    recent: list[tuple[bytes, bytes]]
    memory: list[tuple[bytes, bytes]]
    first_named: dict[StoryId, int]
    rings: list[Table]
    sketches: list[tuple[int, Table]]
    languages: dict[int, int]


def pack(state: State) -> bytes:
    body = bytearray(len(MAGIC) + _DIGEST)
    msgspec.msgpack.Encoder().encode_into(state, body, len(body))
    head = len(MAGIC) + _DIGEST
    digest = hashlib.sha256(memoryview(body)[head:]).digest()
    body[:head] = MAGIC + digest
    return bytes(body)


def unpack(data: bytes) -> State:
    head = len(MAGIC) + _DIGEST
    if not data.startswith(MAGIC):
        raise ValueError("not a story snapshot that this version reads")
    body = memoryview(data)[head:]
    if hashlib.sha256(body).digest() != data[len(MAGIC) : head]:
        raise ValueError("the story snapshot is damaged: its checksum does not fit")
    try:
        return msgspec.msgpack.decode(body, type=State)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the story snapshot is damaged: {error}") from error


def rings_of(postings: Postings) -> list[Table]:
    return [table for rings in (postings.terms, postings.passages) for table in _ring_tables(rings)]


def fill_rings(postings: Postings, tables: list[Table]) -> None:
    for rings, (cells, cursors) in zip((postings.terms, postings.passages), (tables[:2], tables[2:]), strict=True):
        _fill(rings.cells, cells)
        _fill(rings.cursors, cursors)


def sketches_of(rarity: Rarity) -> list[tuple[int, Table]]:
    return [(sketch.total, _table(sketch.counts.reshape(-1))) for sketch in (rarity.terms, rarity.shingles)]


def fill_sketches(rarity: Rarity, tables: list[tuple[int, Table]]) -> None:
    sketches: tuple[Sketch, ...] = (rarity.terms, rarity.shingles)
    for sketch, (total, table) in zip(sketches, tables, strict=True):
        sketch.total = total
        _fill(sketch.counts.reshape(-1), table)


def _ring_tables(rings: Rings) -> tuple[Table, Table]:
    return _table(rings.cells), _table(rings.cursors)


def _table(values: NDArray[np.generic]) -> Table:
    used = values.any(axis=1) if values.ndim > 1 else values != 0
    rows = np.flatnonzero(used)
    return Table(rows.astype("<u4").tobytes(), values[rows].tobytes())


def _fill(values: NDArray[np.generic], table: Table) -> None:
    rows = np.frombuffer(table.rows, "<u4")
    values[rows] = np.frombuffer(table.values, values.dtype).reshape((len(rows), *values.shape[1:]))
