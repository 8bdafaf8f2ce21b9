"""What does the window keep of one article?"""

from functools import cached_property
from zlib import crc32

import msgspec

from stream.stories.compare import Seen
from stream.stories.decision import Decision
from stream.stories.fingerprint import Fingerprint, unpack
from stream.text import fold
from wire.messages import Annotation, Copy, Match

INDEXED = 32  # features by which an article is found again: its smallest, so that copies choose the same
_TITLE_KEY, _URL_KEY = 1 << 32, 2 << 32  # beside the 32-bit features in one dictionary


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One article in the window or in the memory. `time` is the clock (seconds) when it was placed.

    `words` is negative when all that is known stems from a match.
    """

    offset: int
    time: float
    copy: Copy
    url: str
    words: int
    numbers: tuple[str, ...]
    fingerprint: bytes
    decision: Decision


def record_of(annotation: Annotation, decision: Decision, *, offset: int, time: float) -> Record:
    return Record(
        offset=offset,
        time=time,
        copy=copy_of(annotation, decision),
        url=annotation.canonical_url,
        words=annotation.words,
        numbers=annotation.numbers,
        fingerprint=annotation.fingerprint,
        decision=decision,
    )


def record_of_match(match: Match) -> Record:
    """What a match tells of its article; its address and numbers stand only in the annotation."""
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
        numbers=(),
        fingerprint=match.fingerprint,
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


class Sketch:
    """One article as compared, and the keys by which it is found."""

    def __init__(self, *, title: str, url: str, words: int, numbers: tuple[str, ...], fingerprint: bytes) -> None:
        print_ = unpack(fingerprint)
        self.seen = Seen(
            title=fold(title), url=url, words=max(words, 0), numbers=frozenset(numbers), fingerprint=print_
        )

    @classmethod
    def of_annotation(cls, annotation: Annotation) -> "Sketch":
        return cls(
            title=annotation.title,
            url=annotation.canonical_url,
            words=annotation.words,
            numbers=annotation.numbers,
            fingerprint=annotation.fingerprint,
        )

    @classmethod
    def of_record(cls, record: Record) -> "Sketch":
        return cls(
            title=record.copy.title,
            url=record.url,
            words=record.words,
            numbers=record.numbers,
            fingerprint=record.fingerprint,
        )

    @cached_property
    def keys(self) -> list[int]:
        """All that may lead to an earlier copy, in an order that no hash seed changes."""
        print_: Fingerprint = self.seen.fingerprint
        return [*self._names(), *sorted(print_.title | print_.body)]

    @cached_property
    def filed_under(self) -> list[int]:
        named = self._names()
        return self.keys[: len(named) + INDEXED]

    def _names(self) -> list[int]:
        titled = [_TITLE_KEY + crc32(self.seen.title.encode())] if self.seen.title else []
        linked = [_URL_KEY + crc32(self.seen.url.encode())] if self.seen.url else []
        return titled + linked
