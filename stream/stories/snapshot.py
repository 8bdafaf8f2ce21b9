"""How does the window become bytes and back?"""

import hashlib

import msgspec

from stream.stories.record import Record
from wire.messages import StoryId

MAGIC = b"newswatch stories 1\n"  # a layout that cannot be read by this one gets another number
_DIGEST = 32


class State(msgspec.Struct, frozen=True, array_like=True):
    """All that a window is made of; what can be computed from the records is left out."""

    articles: int
    seconds: float
    memory_seconds: float
    clock: float
    recent: list[Record]
    memory: list[Record]
    first_named: dict[StoryId, int]


def pack(state: State) -> bytes:
    body = msgspec.msgpack.encode(state)
    return MAGIC + hashlib.sha256(body).digest() + body


def unpack(data: bytes) -> State:
    head = len(MAGIC) + _DIGEST
    if not data.startswith(MAGIC):
        raise ValueError("not a story snapshot that this version reads")
    body = data[head:]
    if hashlib.sha256(body).digest() != data[len(MAGIC) : head]:
        raise ValueError("the story snapshot is damaged: its checksum does not fit")
    try:
        return msgspec.msgpack.decode(body, type=State)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the story snapshot is damaged: {error}") from error
