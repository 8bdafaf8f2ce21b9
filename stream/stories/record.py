"""What does the window keep of one article?"""

import msgspec

from stream.stories.decision import Decision
from stream.stories.fingerprint import Fingerprint, unpack
from wire.messages import Annotation, Copy, Match


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One article in the window or in the memory. `time` is the clock (seconds) when it was placed.

    `words` is negative when all that is known stems from a match.
    """

    offset: int
    time: float
    copy: Copy
    url: str
    words: int
    decision: Decision


def record_of(annotation: Annotation, decision: Decision, *, offset: int, time: float) -> Record:
    return Record(
        offset=offset,
        time=time,
        copy=copy_of(annotation, decision),
        url=annotation.canonical_url,
        words=annotation.words,
        decision=decision,
    )


def record_of_match(match: Match) -> Record:
    """What a match tells of its article; its address stands only in the annotation."""
    decision = Decision(
        story=match.story,
        relation=match.relation,
        of=match.of,
        related=match.related,
        score=match.score,
        why=match.why,
        evidence=match.evidence,
    )
    return Record(
        offset=match.annotation_offset,
        time=match.copy.fetched_at.timestamp(),
        copy=match.copy,
        url="",
        words=-1,
        decision=decision,
    )


def copy_of(annotation: Annotation, decision: Decision) -> Copy:
    return Copy(
        article=annotation.id,
        revision=annotation.revision,
        feed=annotation.feed,
        outlet=annotation.outlet,
        link=annotation.link,
        title=annotation.title,
        language=annotation.language,
        relation=decision.relation,
        published=annotation.published,
        fetched_at=annotation.fetched_at,
        backfill=annotation.backfill,
    )


class Shelf:
    """Records and their fingerprints by offset, packed: a million unpacked ones would not fit."""

    def __init__(self) -> None:
        self._records: dict[int, bytes] = {}
        self._prints: dict[int, bytes] = {}

    def __contains__(self, offset: int) -> bool:
        return offset in self._records

    def put(self, record: Record, fingerprint: bytes) -> None:
        self._records[record.offset] = _encode(record)
        self._prints[record.offset] = fingerprint

    def record(self, offset: int) -> Record:
        return _decode(self._records[offset])

    def fingerprint(self, offset: int) -> Fingerprint:
        return unpack(self._prints[offset])

    def remove(self, offset: int) -> None:
        del self._records[offset], self._prints[offset]

    def packed(self, offset: int) -> tuple[bytes, bytes]:
        """As `restore` takes it."""
        return self._records[offset], self._prints[offset]

    def restore(self, record: bytes, fingerprint: bytes) -> Record:
        read = _decode(record)
        self._records[read.offset], self._prints[read.offset] = record, fingerprint
        return read


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode
