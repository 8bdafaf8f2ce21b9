"""How does a message that nobody can process travel, and how does it come back?

The value on the dead-letter topic is the original value and the key is the original key, so that any Kafka tool can
send it back; what we know about it stands in headers.
"""

import hashlib

import msgspec

from wire.errors import Rejected
from wire.kafka import Headers, Incoming, Record
from wire.messages import DEAD_REASONS, DeadLetter, DeadReason
from wire.topics import DEAD_VALUE_KEPT, DEAD_VALUE_LIMIT, LIVE, Topic, dead

PREFIX = "newswatch-"
DETAIL_LIMIT = 8 * 1024  # characters: a whole traceback as a rule; of a longer one the end, where the error stands
_TEXTS = ("reason", "detail", "topic", "program", "version", "cut_sha256")
_NUMBERS = ("partition", "offset")


def dead_record(letter: DeadLetter) -> Record:
    """The letter as it is published. Of a value that no topic would take, the beginning and a hash of the whole."""
    whole = len(letter.value) <= DEAD_VALUE_LIMIT
    kept = letter if whole else _cut(letter)
    return Record(
        topic=dead(topic_of(letter)),
        key=kept.key,
        value=kept.value,
        headers=_headers(msgspec.structs.replace(kept, detail=kept.detail[-DETAIL_LIMIT:])),
    )


def letter_for(
    incoming: Incoming, topic: Topic, *, reason: DeadReason, detail: str, program: str, version: str
) -> DeadLetter:
    """The letter about a message that was read from `topic`."""
    return DeadLetter(
        value=incoming.value or b"",
        key=incoming.key,
        reason=reason,
        detail=detail,
        topic=topic.name,
        partition=incoming.partition,
        offset=incoming.offset,
        program=program,
        version=version,
    )


def letter_of(incoming: Incoming) -> DeadLetter:
    """The letter that `dead_record` made a record of.

    Raises:
        Rejected: something on the topic is no dead letter of ours.
    """
    try:
        return msgspec.convert(_fields(incoming), DeadLetter)
    except ValueError as error:  # msgspec's is one, and so are those of bytes that are no text and texts no number
        raise Rejected("undecodable", f"no dead letter of ours: {error}") from error


def topic_of(letter: DeadLetter) -> Topic:
    """Where the letter's message was read, and goes back to."""
    found = next((topic for topic in LIVE if topic.name == letter.topic), None)
    if found is None:
        raise Rejected("undecodable", f"a dead letter names the topic {letter.topic!r}, which is none of ours")
    return found


def reason_of(word: str) -> DeadReason:
    """The reason as one of the closed set; what is outside of it is our own bug."""
    return next((reason for reason in DEAD_REASONS if reason == word), "bug")


def _cut(letter: DeadLetter) -> DeadLetter:
    digest = hashlib.sha256(letter.value).hexdigest()
    return msgspec.structs.replace(letter, value=letter.value[:DEAD_VALUE_KEPT], cut_sha256=digest)


def _fields(incoming: Incoming) -> dict[str, object]:
    found = {name.removeprefix(PREFIX): value.decode() for name, value in incoming.headers if name.startswith(PREFIX)}
    texts = {name: found.get(name, "") for name in _TEXTS}
    numbers = {name: int(found.get(name) or -1) for name in _NUMBERS}
    return {**texts, **numbers, "value": incoming.value or b"", "key": incoming.key}


def _headers(letter: DeadLetter) -> Headers:
    values = [(name, str(getattr(letter, name))) for name in (*_TEXTS, *_NUMBERS)]
    return tuple((PREFIX + name, value.encode("utf-8", "replace")) for name, value in values if value)
