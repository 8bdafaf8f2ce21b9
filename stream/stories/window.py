"""Which articles do we remember, and into which story does the next one go?

The window is a function of the annotations placed in it, in their order: nothing here reads a clock, and no decision
depends on the order of a set. It holds the last hours, at most so many articles, and beside them, for 30 days, the
articles of stories in which somebody watched was named.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from zlib import crc32

import numpy as np

from stream.stories import snapshot
from stream.stories.decide import Found, Seen, best_of, compare, related_of
from stream.stories.decision import Decision
from stream.stories.fingerprint import FLAG_BITS, LEAD, NAME, NUMBER, TITLE, Fingerprint, unpack
from stream.stories.postings import ASKED_PASSAGES, Keys, Postings
from stream.stories.rarity import Rarity
from stream.stories.record import Record, Shelf, record_of, record_of_match
from stream.stories.tell import edit_of, first_of, joined
from stream.text import fold
from wire.article import ArticleId, Revision
from wire.messages import EARLIER_COPIES, Annotation, Copy, Match, StoryId

AHEAD_SECONDS = 300.0  # a poller's clock that runs ahead moves ours no further than this past the broker's
HOUR, DAY = 3600.0, 86400.0
MEMORY_RINGS = 1 << 17  # articles that the memory's rings are sized for
ASKED_TERMS = 40  # the rarest
LOOKED_AT = 24  # candidates
COMPARED, COMPARED_FOREIGN = 6, 3  # of them are compared in full
# What a candidate must share: of the rarest terms' weight, or passages. Translations share fewer terms.
SAME_SHARE, FOREIGN_SHARE, PASSAGES_SHARED = 0.12, 0.07, 1.5
URL_WEIGHT = np.float32(4)


class StoryWindow:
    """The recent articles and their stories. One writer; `place` is its only way forward."""

    def __init__(self, *, articles: int = 1_000_000, hours: float = 72.0, memory_days: float = 30.0) -> None:
        self._articles, self._seconds, self._memory_seconds = articles, hours * HOUR, memory_days * DAY
        self._clock = 0.0
        self._shelf = Shelf()
        self._revisions: dict[ArticleId, tuple[int, ...]] = {}
        self._recent: deque[int] = deque()
        self._memory: dict[int, None] = {}  # in order; a set that remembers it
        self._members: dict[StoryId, list[int]] = {}
        self._first_named: dict[StoryId, int] = {}
        self._rarity = Rarity(articles)
        self._postings = Postings(articles)
        self._remembered: Postings | None = None  # built from the memory when it is asked

    def __len__(self) -> int:
        """How many articles the window holds, those of the longer memory not counted."""
        return len(self._recent)

    @property
    def clock(self) -> float:
        """The greatest fetch time seen (seconds), each counted at most 5 minutes after the broker's append time."""
        return self._clock

    def place(self, annotation: Annotation, *, offset: int, appended_at: datetime) -> Decision:
        """The story of this article. One that was placed before, in this revision, gets the same decision again."""
        known = self._find(annotation.id, annotation.revision)
        if known is not None and known.words >= 0:
            return known.decision
        self._tick(annotation.fetched_at, appended_at)
        self._evict()
        if known is not None:
            return self._complete(known, annotation)
        self._vacate(offset)
        decision = self._decide(annotation, offset)
        self._keep(record_of(annotation, decision, offset=offset, time=self._clock), annotation.fingerprint)
        self._file(annotation.fingerprint, annotation.canonical_url, offset)
        if any(mention.zone != "boilerplate" for mention in annotation.mentions):
            self._name(decision.story, offset)
        return decision

    def is_named(self, story: StoryId, *, by: int) -> bool:
        """Did the article at offset `by`, or an earlier one of its story, name somebody watched?"""
        return -1 < self._first_named.get(story, -1) <= by

    def earlier_copies(self, story: StoryId, *, than: int) -> tuple[Copy, ...]:
        """The story's articles below the offset `than`, oldest first, at most as many as a match may list."""
        earlier = [offset for offset in self._members.get(story, ()) if offset < than]
        return tuple(self._shelf.record(offset).copy for offset in earlier[:EARLIER_COPIES])

    def offset_of(self, article: ArticleId, revision: Revision) -> int | None:
        """Where this article was placed first in this revision."""
        record = self._find(article, revision)
        return record.offset if record else None

    def is_first_named(self, story: StoryId, offset: int) -> bool:
        return self._first_named.get(story) == offset

    def remember(self, match: Match) -> None:
        """Take back a decision that was told before, without deciding anything."""
        record = record_of_match(match)
        if self._find(match.copy.article, match.copy.revision) is None:
            self._vacate(record.offset)
            self._keep(record, match.fingerprint)
            self._memory[record.offset] = None
            self._remembered = None
        self._name(match.story, record.offset)

    def dump(self) -> bytes:
        """The whole window as bytes: versioned, checksummed, the same for the same state."""
        return snapshot.pack(
            snapshot.State(
                articles=self._articles,
                seconds=self._seconds,
                memory_seconds=self._memory_seconds,
                clock=self._clock,
                recent=[self._shelf.packed(offset) for offset in self._recent],
                memory=[self._shelf.packed(offset) for offset in self._memory],
                first_named=self._first_named,
                rings=snapshot.rings_of(self._postings),
                sketches=snapshot.sketches_of(self._rarity),
                languages=self._rarity.of_language,
            )
        )

    @classmethod
    def load(cls, data: bytes) -> "StoryWindow":
        """The window that `dump` wrote.

        Raises:
            ValueError: the bytes are damaged, or of a layout that this version does not know.
        """
        state = snapshot.unpack(data)
        window = cls(articles=state.articles, hours=state.seconds / HOUR, memory_days=state.memory_seconds / DAY)
        window._clock = state.clock
        memory = [window._shelf.restore(*packed) for packed in state.memory]
        recent = [window._shelf.restore(*packed) for packed in state.recent]
        for record in sorted((*memory, *recent), key=lambda record: record.offset):
            window._list(record)
        window._recent = deque(record.offset for record in recent)
        window._memory = {record.offset: None for record in memory}
        window._first_named = state.first_named
        snapshot.fill_rings(window._postings, state.rings)
        snapshot.fill_sketches(window._rarity, state.sketches)
        window._rarity.of_language = state.languages
        return window

    def _decide(self, annotation: Annotation, offset: int) -> Decision:
        new = _seen_in(annotation, offset, self._clock)
        edited = self._latest_revision(annotation.id, offset)
        if edited is not None:
            (likeness,) = compare(new, [self._seen(edited)], self._clock, self._rarity)
            return edit_of(new, likeness, edited)
        found = self._compared(new, offset)
        best = best_of(found)
        if best is not None:
            return joined(new, best, self._shelf.record(best.seen.offset))
        related = related_of(found)
        event = self._shelf.record(related.seen.offset).decision.story if related else None
        return first_of(annotation, best_of_all(found), related, event)

    def _compared(self, new: Seen, before: int) -> list[Found]:
        offsets = self._candidates(new, before)
        if not offsets:
            return []
        return compare(new, [self._seen(self._shelf.record(offset)) for offset in offsets], self._clock, self._rarity)

    def _candidates(self, new: Seen, before: int) -> list[int]:
        """The earlier articles that share most of what is rare, some of them in other languages."""
        keys = self._keys(new)
        oldest = self._recent[0] if self._recent and self._recent[0] <= before else 0
        found = [self._postings.find(keys, oldest=oldest, before=before)]
        memory = self._memory_postings()
        if memory is not None:
            found.append(memory.find(keys, oldest=0, before=before))
        offsets, terms, passages = (np.concatenate(parts) for parts in zip(*found, strict=True))
        terms = terms / np.float32(keys.term_weights.sum() + 1e-6)
        likely = np.flatnonzero((terms >= FOREIGN_SHARE) | (passages >= PASSAGES_SHARED))
        ranked = likely[np.lexsort((offsets[likely], -(terms[likely] * 8 + np.minimum(passages[likely], 12) / 2)))]
        chosen: tuple[dict[int, None], dict[int, None]] = ({}, {})
        for at in ranked[:LOOKED_AT].tolist():
            offset = int(offsets[at])
            if offset in self._shelf:
                foreign = _is_foreign(new.fingerprint, self._shelf.fingerprint(offset))
                if foreign or terms[at] >= SAME_SHARE or passages[at] >= PASSAGES_SHARED:
                    chosen[foreign].setdefault(offset)
        return sorted([*list(chosen[0])[:COMPARED], *list(chosen[1])[:COMPARED_FOREIGN]])

    def _keys(self, new: Seen) -> Keys:
        print_ = new.fingerprint
        weights = self._rarity.term_weights(print_.terms, (print_.language,))
        telling = weights * (
            1 + 0.3 * ((print_.terms & (TITLE | LEAD)) > 0) + 0.3 * ((print_.terms & (NAME | NUMBER)) > 0)
        )
        rarest = np.argsort(-telling, kind="stable")[:ASKED_TERMS]
        passages = print_.shingles[:ASKED_PASSAGES]
        return Keys(
            terms=print_.terms[rarest] >> FLAG_BITS,
            term_weights=np.square(weights[rarest]),
            passages=np.append(passages >> np.uint32(1), np.uint32(_url_key(new.url))),
            passage_weights=np.append(self._rarity.passage_weights(passages), URL_WEIGHT if new.url else 0),
        )

    def _memory_postings(self) -> Postings | None:
        if not self._memory:
            return None
        if self._remembered is None:
            self._remembered = Postings(min(self._articles, MEMORY_RINGS))
            for offset in sorted(self._memory):
                self._remembered.add(self._shelf.fingerprint(offset), _url_key(self._shelf.record(offset).url), offset)
        return self._remembered

    def _seen(self, record: Record) -> Seen:
        return Seen(
            offset=record.offset,
            time=record.time,
            title=fold(record.copy.title),
            url=record.url,
            words=max(record.words, 0),
            fingerprint=self._shelf.fingerprint(record.offset),
        )

    def _find(self, article: ArticleId, revision: Revision) -> Record | None:
        held = (self._shelf.record(offset) for offset in self._revisions.get(article, ()))
        return next((record for record in held if record.copy.revision == revision), None)

    def _latest_revision(self, article: ArticleId, before: int) -> Record | None:
        earlier = [offset for offset in self._revisions.get(article, ()) if offset < before]
        return self._shelf.record(max(earlier)) if earlier else None

    def _tick(self, fetched_at: datetime, appended_at: datetime) -> None:
        self._clock = max(self._clock, min(fetched_at.timestamp(), appended_at.timestamp() + AHEAD_SECONDS))

    def _keep(self, record: Record, fingerprint: bytes) -> None:
        self._shelf.put(record, fingerprint)
        self._list(record)

    def _list(self, record: Record) -> None:
        article, story = record.copy.article, record.decision.story
        self._revisions[article] = (*self._revisions.get(article, ()), record.offset)
        self._members.setdefault(story, []).append(record.offset)

    def _file(self, fingerprint: bytes, url: str, offset: int) -> None:
        print_ = unpack(fingerprint)
        self._recent.append(offset)
        self._rarity.add(print_)
        self._postings.add(print_, _url_key(url), offset)

    def _complete(self, remembered: Record, annotation: Annotation) -> Decision:
        """The log after a lost snapshot tells again what a match had told in part; the decision stands."""
        offset = remembered.offset
        self._memory.pop(offset, None)
        self._shelf.put(
            record_of(annotation, remembered.decision, offset=offset, time=self._clock), annotation.fingerprint
        )
        self._file(annotation.fingerprint, annotation.canonical_url, offset)
        return remembered.decision

    def _name(self, story: StoryId, offset: int) -> None:
        self._first_named[story] = min(self._first_named.get(story, offset), offset)

    def _evict(self) -> None:
        for offset in self._outdated():
            self._recent.popleft()
            print_ = self._shelf.fingerprint(offset)
            self._rarity.remove(print_)
            record = self._shelf.record(offset)
            if not self.is_named(record.decision.story, by=offset):
                self._forget(record)
                continue
            self._memory[offset] = None
            if self._remembered is not None:
                self._remembered.add(print_, _url_key(record.url), offset)
        self._evict_memory()

    def _outdated(self) -> Iterator[int]:
        oldest = self._clock - self._seconds
        while self._recent and (
            len(self._recent) >= self._articles or self._shelf.record(self._recent[0]).time < oldest
        ):
            yield self._recent[0]

    def _evict_memory(self) -> None:
        oldest = self._clock - self._memory_seconds
        while self._memory and (record := self._shelf.record(next(iter(self._memory)))).time < oldest:
            del self._memory[record.offset]
            self._forget(record)

    def _vacate(self, offset: int) -> None:
        """A log that began anew uses offsets again; whoever had this one is forgotten."""
        if offset not in self._shelf:
            return
        if offset in self._memory:
            del self._memory[offset]
        else:
            self._recent.remove(offset)
            self._rarity.remove(self._shelf.fingerprint(offset))
        self._forget(self._shelf.record(offset))

    def _forget(self, record: Record) -> None:
        self._shelf.remove(record.offset)
        article, story = record.copy.article, record.decision.story
        self._members[story].remove(record.offset)
        if not self._members[story]:
            del self._members[story]
            self._first_named.pop(story, None)
        self._revisions[article] = tuple(offset for offset in self._revisions[article] if offset != record.offset)
        if not self._revisions[article]:
            del self._revisions[article]


def best_of_all(found: list[Found]) -> Found | None:
    """The nearest, though it was not near enough."""
    return min(found, key=lambda one: (-one.surplus, one.seen.offset), default=None)


def _seen_in(annotation: Annotation, offset: int, clock: float) -> Seen:
    return Seen(
        offset=offset,
        time=clock,
        title=fold(annotation.title),
        url=annotation.canonical_url,
        words=annotation.words,
        fingerprint=unpack(annotation.fingerprint),
    )


def _is_foreign(one: Fingerprint, other: Fingerprint) -> bool:
    return bool(one.language and other.language and one.language != other.language)


def _url_key(url: str) -> int:
    return crc32(url.encode()) >> 1 if url else 0
