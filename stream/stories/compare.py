"""Are these two articles copies of one text?

Containment both ways tells a copy from a digest (which contains the old text and much more) and from a teaser. What
looks alike but is not: templates and next day's bulletins, whose numbers differ.
"""

from dataclasses import dataclass

from rapidfuzz import fuzz

from stream.stories.fingerprint import Fingerprint
from wire.messages import Relation

COPY_CONTAINED = 0.5  # of the shorter text's passages, when the lengths are alike
FOLLOW_UP_CONTAINED = 0.35  # of the new text; a follow-up copies less background than this, a digest tells more
TITLE_ALIKE = 0.9
TITLE_WORDS = 5  # a shorter title ("News in brief") is shared by strangers
NUMBERS_COMPARED, NUMBERS_SHARED = 3, 0.5
FEWEST_PASSAGES = 3
UPDATED_CONTAINED, UPDATED_LENGTH = 0.75, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is compared of one article."""

    title: str  # folded
    url: str
    words: int
    numbers: frozenset[str]
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike two articles are, in numbers a person can check. Shares are within 0..1."""

    shared: int
    new_contained: float
    old_contained: float
    lead_shared: float
    title: float
    same_url: bool
    shared_numbers: int
    numbers_clash: bool

    def evidence(self) -> dict[str, float]:
        return {
            "shared_passages": float(self.shared),
            "new_text_shared": round(self.new_contained, 3),
            "old_text_shared": round(self.old_contained, 3),
            "lead_shared": round(self.lead_shared, 3),
            "title_alike": round(self.title, 3),
            "shared_numbers": float(self.shared_numbers),
        }


def likeness_of(new: Seen, old: Seen) -> Likeness:
    rate = max(new.fingerprint.rate, old.fingerprint.rate)
    new_body, old_body = new.fingerprint.body_at(rate), old.fingerprint.body_at(rate)
    if min(len(new_body), len(old_body)) < FEWEST_PASSAGES:
        new_body, old_body = new.fingerprint.body | new.fingerprint.title, old.fingerprint.body | old.fingerprint.title
    shared = len(new_body & old_body)
    numbers = new.numbers & old.numbers
    fewest = min(len(new.numbers), len(old.numbers))
    return Likeness(
        shared=shared,
        new_contained=shared / len(new_body) if new_body else 0.0,
        old_contained=shared / len(old_body) if old_body else 0.0,
        lead_shared=_share(new.fingerprint.lead, old.fingerprint.lead),
        title=fuzz.token_sort_ratio(new.title, old.title) / 100 if new.title and old.title else 0.0,
        same_url=bool(new.url) and new.url == old.url,
        shared_numbers=len(numbers),
        numbers_clash=fewest >= NUMBERS_COMPARED and len(numbers) < NUMBERS_SHARED * fewest,
    )


def score_of(likeness: Likeness, new: Seen, old: Seen) -> float:
    """How surely the new article is a copy of the old; 0 when something speaks against it. From .5 on it is one."""
    contained = max(likeness.new_contained, likeness.old_contained)
    if likeness.same_url:
        return max(0.9, contained) if contained >= 0.15 or likeness.title >= 0.6 or not new.words else 0.0  # noqa: PLR2004  # front pages change
    same_title = likeness.title >= TITLE_ALIKE and min(len(new.title.split()), len(old.title.split())) >= TITLE_WORDS
    if likeness.numbers_clash and likeness.new_contained < TITLE_ALIKE:
        return 0.0
    if same_title and (contained >= 0.2 or likeness.shared >= FEWEST_PASSAGES or min(new.words, old.words) < 20):  # noqa: PLR2004
        return max(contained, likeness.title * 0.9)
    if likeness.shared < FEWEST_PASSAGES:
        return 0.0
    is_digest = likeness.new_contained < FOLLOW_UP_CONTAINED and likeness.lead_shared < COPY_CONTAINED
    is_quoted = likeness.old_contained < FOLLOW_UP_CONTAINED / 2 and likeness.lead_shared < 0.25  # noqa: PLR2004
    return 0.0 if is_digest or is_quoted else contained


def relation_of(likeness: Likeness, new: Seen, old: Seen) -> Relation:
    """An update tells what the old text did not: it is longer and much of it is new."""
    grown = new.words >= UPDATED_LENGTH * max(old.words, 1)
    return "update" if grown and likeness.new_contained < UPDATED_CONTAINED else "copy"


def _share(left: frozenset[int], right: frozenset[int]) -> float:
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0
