"""Which articles do we remember, and into which story does the next one go?

The window is a function of the annotations placed in it, in their order: nothing here reads a clock, and no decision
depends on the order of a set. It holds the last hours, at most so many articles, and beside them, for 30 days, the
articles of stories in which somebody watched was named.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from stream.stories import snapshot
from stream.stories.compare import Likeness, likeness_of, relation_of, score_of
from stream.stories.decision import Decision
from stream.stories.postings import Postings
from stream.stories.record import Record, Sketch, record_of, record_of_match
from wire.article import ArticleId, Revision
from wire.messages import EARLIER_COPIES, Annotation, Copy, Match, StoryId

COPY_SCORE = 0.5
AHEAD_SECONDS = 300.0  # a poller's clock that runs ahead moves ours no further than this past the broker's
HOUR, DAY = 3600.0, 86400.0


class _Found(NamedTuple):
    record: Record
    likeness: Likeness
    score: float


class _Story(msgspec.Struct, array_like=True):
    """`first_named` is the offset of the first article in which somebody watched was named, -1 before there is one."""

    members: list[int]
    first_named: int = -1


class StoryWindow:
    """The recent articles and their stories. One writer; `place` is its only way forward."""

    def __init__(self, *, articles: int = 1_000_000, hours: float = 72.0, memory_days: float = 30.0) -> None:
        self._articles, self._seconds, self._memory_seconds = articles, hours * HOUR, memory_days * DAY
        self._clock = 0.0
        self._records: dict[int, Record] = {}
        self._revisions: dict[ArticleId, list[int]] = {}
        self._recent: deque[int] = deque()
        self._memory: dict[int, None] = {}  # in order; a set that remembers it
        self._stories: dict[StoryId, _Story] = {}
        self._postings = Postings()

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
        self._keep(record_of(annotation, decision, offset=offset, time=self._clock))
        self._recent.append(offset)
        if any(mention.zone != "boilerplate" for mention in annotation.mentions):
            self._name(decision.story, offset)
        return decision

    def is_named(self, story: StoryId, *, by: int) -> bool:
        """Did the article at offset `by`, or an earlier one of its story, name somebody watched?"""
        held = self._stories.get(story)
        return held is not None and -1 < held.first_named <= by

    def earlier_copies(self, story: StoryId, *, than: int) -> tuple[Copy, ...]:
        """The story's articles below the offset `than`, oldest first, at most as many as a match may list."""
        held = self._stories.get(story)
        earlier = [offset for offset in held.members if offset < than] if held else []
        return tuple(self._records[offset].copy for offset in earlier[:EARLIER_COPIES])

    def offset_of(self, article: ArticleId, revision: Revision) -> int | None:
        """Where this article was placed first in this revision."""
        record = self._find(article, revision)
        return record.offset if record else None

    def is_first_named(self, story: StoryId, offset: int) -> bool:
        held = self._stories.get(story)
        return held is not None and held.first_named == offset

    def remember(self, match: Match) -> None:
        """Take back a decision that was told before, without deciding anything."""
        record = record_of_match(match)
        if self._find(match.copy.article, match.copy.revision) is None:
            self._vacate(record.offset)
            self._keep(record)
            self._memory[record.offset] = None
        self._name(match.story, record.offset)

    def dump(self) -> bytes:
        """The whole window as bytes: versioned, checksummed, the same for the same state."""
        return snapshot.pack(
            snapshot.State(
                articles=self._articles,
                seconds=self._seconds,
                memory_seconds=self._memory_seconds,
                clock=self._clock,
                recent=[self._records[offset] for offset in self._recent],
                memory=[self._records[offset] for offset in self._memory],
                first_named={story: held.first_named for story, held in self._stories.items() if held.first_named >= 0},
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
        for record in sorted((*state.memory, *state.recent), key=lambda record: record.offset):
            window._keep(record)
        window._recent = deque(record.offset for record in state.recent)
        window._memory = {record.offset: None for record in state.memory}
        for story, first in state.first_named.items():
            window._name(story, first)
        return window

    def _decide(self, annotation: Annotation, offset: int) -> Decision:
        new = Sketch.of_annotation(annotation)
        edited = self._latest_revision(annotation.id, offset)
        if edited is not None:
            return self._edit_of(edited, new)
        best = self._best(self._compared(new, offset))
        if best is None or best.score < COPY_SCORE:
            return _first(annotation, best)
        relation = relation_of(best.likeness, new.seen, Sketch.of_record(best.record).seen)
        return Decision(
            story=best.record.decision.story,
            relation=relation,
            of=best.record.copy.article,
            score=round(min(best.score, 1.0), 3),
            why=_why(relation, best),
            evidence=best.likeness.evidence(),
        )

    def _edit_of(self, old: Record, new: Sketch) -> Decision:
        """An article's edit stays in its story, whatever became of its words."""
        likeness = likeness_of(new.seen, Sketch.of_record(old).seen)
        relation = relation_of(likeness, new.seen, Sketch.of_record(old).seen)
        return Decision(
            story=old.decision.story,
            relation=relation,
            of=old.copy.article,
            score=1.0,
            why="the same article, edited",
            evidence=likeness.evidence(),
        )

    def _compared(self, new: Sketch, before: int) -> Iterable[_Found]:
        for offset in self._postings.candidates(new.keys, before):
            record = self._records[offset]
            old = Sketch.of_record(record).seen
            likeness = likeness_of(new.seen, old)
            yield _Found(record, likeness, score_of(likeness, new.seen, old))

    @staticmethod
    def _best(found: Iterable[_Found]) -> _Found | None:
        return min(found, key=lambda one: (-one.score, one.record.offset), default=None)

    def _find(self, article: ArticleId, revision: Revision) -> Record | None:
        held = (self._records[offset] for offset in self._revisions.get(article, ()))
        return next((record for record in held if record.copy.revision == revision), None)

    def _latest_revision(self, article: ArticleId, before: int) -> Record | None:
        earlier = [offset for offset in self._revisions.get(article, ()) if offset < before]
        return self._records[max(earlier)] if earlier else None

    def _tick(self, fetched_at: datetime, appended_at: datetime) -> None:
        self._clock = max(self._clock, min(fetched_at.timestamp(), appended_at.timestamp() + AHEAD_SECONDS))

    def _keep(self, record: Record) -> None:
        self._records[record.offset] = record
        self._revisions.setdefault(record.copy.article, []).append(record.offset)
        self._stories.setdefault(record.decision.story, _Story([])).members.append(record.offset)
        self._postings.add(Sketch.of_record(record).filed_under, record.offset)

    def _complete(self, remembered: Record, annotation: Annotation) -> Decision:
        """The log after a lost snapshot tells again what a match had told in part; the decision stands."""
        offset = remembered.offset
        self._memory.pop(offset, None)
        self._postings.remove(Sketch.of_record(remembered).filed_under, offset)
        record = record_of(annotation, remembered.decision, offset=offset, time=self._clock)
        self._records[offset] = record
        self._postings.add(Sketch.of_record(record).filed_under, offset)
        self._recent.append(offset)
        return remembered.decision

    def _name(self, story: StoryId, offset: int) -> None:
        held = self._stories[story]
        held.first_named = offset if held.first_named < 0 else min(held.first_named, offset)

    def _evict(self) -> None:
        oldest = self._clock - self._seconds
        while self._recent and (len(self._recent) >= self._articles or self._records[self._recent[0]].time < oldest):
            offset = self._recent.popleft()
            if self.is_named(self._records[offset].decision.story, by=offset):
                self._memory[offset] = None
            else:
                self._forget(offset)
        self._evict_memory()

    def _evict_memory(self) -> None:
        oldest = self._clock - self._memory_seconds
        while self._memory and self._records[first := next(iter(self._memory))].time < oldest:
            del self._memory[first]
            self._forget(first)

    def _vacate(self, offset: int) -> None:
        """A log that began anew uses offsets again; whoever had this one is forgotten."""
        if offset not in self._records:
            return
        if offset in self._memory:
            del self._memory[offset]
        else:
            self._recent.remove(offset)
        self._forget(offset)

    def _forget(self, offset: int) -> None:
        record = self._records.pop(offset)
        self._postings.remove(Sketch.of_record(record).filed_under, offset)
        story = self._stories[record.decision.story]
        story.members.remove(offset)
        if not story.members:
            del self._stories[record.decision.story]
        revisions = self._revisions[record.copy.article]
        revisions.remove(offset)
        if not revisions:
            del self._revisions[record.copy.article]


def _first(annotation: Annotation, nearest: _Found | None) -> Decision:
    why = (
        "nothing like it in the window" if nearest is None else f"nearest earlier article differs: {_seen_in(nearest)}"
    )
    return Decision(
        story=StoryId(annotation.id),
        relation="new",
        score=round(1.0 - (nearest.score if nearest else 0.0), 3),
        why=why,
        evidence=nearest.likeness.evidence() if nearest else {},
    )


def _why(relation: str, found: _Found) -> str:
    if found.likeness.same_url:
        return f"{relation}: the same address"
    return f"{relation}: {_seen_in(found)}"


def _seen_in(found: _Found) -> str:
    likeness = found.likeness
    return (
        f"{likeness.new_contained:.0%} of its passages, {likeness.old_contained:.0%} of the earlier text's, "
        f"title {likeness.title:.0%} alike" + (", numbers differ" if likeness.numbers_clash else "")
    )
