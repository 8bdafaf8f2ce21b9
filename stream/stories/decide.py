"""Which earlier article is this one a copy, an update or a translation of, and which tells of the same event?

The best earlier match decides, alone: joining all matches would chain strangers through digests and live blogs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from stream.stories.features import COLUMNS, features_of
from stream.stories.fingerprint import Fingerprint
from stream.stories.model import Outside, columns_of, copy_scores, related_scores, translation_scores
from stream.stories.rarity import Rarity
from wire.messages import Relation

# Log-odds from which it is so. A short text shows less, and its even chances are worth more: see docs/stories.md.
COPY_FULL, COPY_SHORT = 2.2, 1.5
SHORT_WORDS, FULL_WORDS = 40, 120
TRANSLATION, TRANSLATION_SHORT = 0.2, 1.5
# Another report on the same people shares their names alone. So little in common asks for more certainty.
FAINT_COSINE, FAINT_LEAD, FAINT_MORE = 0.1, 0.08, 2.0
# So many numbers, all of them in both texts, with the names: the same report, reworded from end to end.
FACTS_NUMBERS, FACTS_SHARE, FACTS_COSINE, FACTS_NAMES = 5, 0.95, 0.3, 0.7
RELATED = 0.2
NO_DOUBT = 2.0  # above what is needed
DIFFERENT = -9.0
NUMBERS_APART, NUMBERS_SHARED = 3, 0.5  # so many in each lead that the other lacks, and fewer than half shared in all
SAME_PAGE = 6.0  # two articles under one address whose words or title agree at least a little
SAME_LANGUAGE = 0.3  # of the passages; two languages share names and quotes, no more: the language was mistaken
UPDATED_NEW, UPDATED_LENGTH = 0.25, 1.15
_AT = {name: place for place, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is compared of one article. `title` is folded."""

    offset: int
    time: float
    title: str
    url: str
    words: int
    fingerprint: Fingerprint


class Found(NamedTuple):
    """One earlier article: the log-odds that the new one copies (or translates) it, and how many it takes."""

    seen: Seen
    score: float
    needed: float
    row: NDArray[np.float32]
    columns: NDArray[np.float64]
    same_page: bool
    title_alike: float

    @property
    def surplus(self) -> float:
        return self.score - self.needed

    @property
    def likeness(self) -> dict[str, float]:
        return {name: float(self.row[place]) for name, place in _AT.items()}


def compare(new: Seen, olds: Sequence[Seen], now: float, rarity: Rarity) -> list[Found]:
    """Every earlier article beside the new one, in their order."""
    by_language: dict[int, list[Seen]] = {}
    for old in olds:
        by_language.setdefault(old.fingerprint.language or new.fingerprint.language, []).append(old)
    found = [one for language, group in by_language.items() for one in _compare(new, group, language, now, rarity)]
    return sorted(found, key=lambda one: one.seen.offset)


def _compare(new: Seen, olds: list[Seen], language: int, now: float, rarity: Rarity) -> list[Found]:
    mine = new.fingerprint.language
    likeness = features_of(new.fingerprint, [old.fingerprint for old in olds], (mine or language, language), rarity)
    alike = np.array([_alike(new.title, old.title) for old in olds])
    outside = Outside(
        new.fingerprint.words,
        np.array([float(old.fingerprint.words) for old in olds]),
        np.array([max(now - old.time, 0.0) / 3600 for old in olds]),
        alike[:, 0],
        alike[:, 1],
    )
    columns = columns_of(likeness, outside)
    scores, needed = copy_scores(columns), _needed(outside, COPY_SHORT, COPY_FULL)
    if mine and language not in (0, mine):
        foreign = np.minimum(likeness[:, _AT["passages_new"]], likeness[:, _AT["passages_old"]]) < SAME_LANGUAGE
        scores = np.where(foreign, translation_scores(columns), scores)
        faint = (likeness[:, _AT["cosine"]] < FAINT_COSINE) & (likeness[:, _AT["lead_cosine"]] < FAINT_LEAD)
        asked = _needed(outside, TRANSLATION_SHORT, TRANSLATION) + FAINT_MORE * faint
        needed = np.where(foreign, asked, needed)
    scores = np.where(_same_facts(likeness), np.maximum(scores, needed), scores)
    scores = np.where(_numbers_apart(likeness), DIFFERENT, scores)
    words = [min(new.words, old.words) for old in olds]
    pairs = zip(likeness[:, _AT["cosine"]].tolist(), alike[:, 0].tolist(), words, strict=True)
    page = [bool(new.url) and new.url == old.url and _agree(*pair) for old, pair in zip(olds, pairs, strict=True)]
    scores = np.where(page, np.maximum(scores, SAME_PAGE), scores)
    return [
        Found(old, float(scores[at]), float(needed[at]), likeness[at], columns[at], page[at], float(alike[at, 0]))
        for at, old in enumerate(olds)
    ]


def _numbers_apart(likeness: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The next bulletin, result or forecast keeps its words and changes its numbers: it is news, however alike."""
    numbers, new, old = (likeness[:, _AT[name]] for name in ("numbers", "only_numbers_new", "only_numbers_old"))
    return (np.minimum(new, old) >= NUMBERS_APART) & (numbers < NUMBERS_SHARED)


def _same_facts(likeness: NDArray[np.float32]) -> NDArray[np.bool_]:
    shared, new, old, cosine, names = (
        likeness[:, _AT[name]] for name in ("numbers_shared", "numbers_new", "numbers_old", "cosine", "names")
    )
    all_shared = (shared >= FACTS_NUMBERS) & (shared >= FACTS_SHARE * np.maximum(new, old))
    return all_shared & (cosine >= FACTS_COSINE) & (names >= FACTS_NAMES)


def _agree(cosine: float, title: float, words: int) -> bool:
    """Front pages and live tickers change under one address; an article does not change all its words."""
    return title >= 0.6 or cosine >= 0.15 or not words  # noqa: PLR2004


def _needed(outside: Outside, short: float, full: float) -> NDArray[np.float64]:
    words = np.minimum(outside.words_new, outside.words_old)
    share = np.clip((words - SHORT_WORDS) / (FULL_WORDS - SHORT_WORDS), 0, 1)
    return short + (full - short) * share


def _alike(new: str, old: str) -> tuple[float, float]:
    return fuzz.token_set_ratio(new, old) / 100, fuzz.token_sort_ratio(new, old) / 100


def best_of(found: Sequence[Found]) -> Found | None:
    """The surest copy; of several that leave no doubt the earliest."""
    best = min(found, key=lambda one: (-min(one.surplus, NO_DOUBT), one.seen.offset), default=None)
    return best if best is not None and best.surplus >= 0 else None


def related_of(found: Sequence[Found]) -> Found | None:
    """The article that surest tells of the same event."""
    if not found:
        return None
    scores = related_scores(np.stack([one.columns for one in found]))
    best = int(scores.argmax())  # of equals the earliest
    return found[best] if scores[best] >= RELATED else None


def relation_of(new: Seen, found: Found) -> Relation:
    """A translation shares no passages; an update tells a good deal that the earlier text, no mere teaser, did not."""
    old, likeness = found.seen, found.likeness
    mine, theirs = new.fingerprint.language, old.fingerprint.language
    passages = min(likeness["passages_new"], likeness["passages_old"])
    if mine and theirs and mine != theirs and passages < SAME_LANGUAGE:
        return "translation"
    grown = old.words >= SHORT_WORDS and new.words >= UPDATED_LENGTH * old.words
    return "update" if grown and 1 - likeness["terms_new"] >= UPDATED_NEW else "copy"


def evidence_of(found: Found) -> dict[str, float]:
    """What speaks for and against, in numbers that a person can check; shares within 0..1."""
    told = found.likeness
    return {
        "shared_passages": float(round(told["passages_shared"])),
        "new_text_shared": _share(told["passages_new"]),
        "old_text_shared": _share(told["passages_old"]),
        "shared_terms": float(round(told["anchors"])),
        "terms_alike": _share(told["cosine"]),
        "title_alike": _share(found.title_alike),
        "shared_numbers": float(round(told["numbers_shared"])),
        "new_numbers": float(round(told["only_numbers_new"])),
        "names_missing": _share(told["only_names_new"]),
    }


def _share(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 3)


def chance(log_odds: float) -> float:
    """Log-odds as a chance within 0..1."""
    return round(float(1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))), 3)
