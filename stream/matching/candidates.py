"""Where might a watched name stand?

The words of a text are turned into numbers, and all pairs of near words are looked up at once. A capitalised word that
is not a watched one is also looked up as the watched words that it may be, misspelt or inflected. What is found so is
only a suspicion; `verify` reads the words around.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from stream.clean import CleanField
from stream.matching.common import FUNCTION_WORDS, TITLES
from stream.matching.layer import SHIFT, Layer
from stream.matching.lexicon import KNOWN
from stream.matching.readings import Reading, plain, rest_is_prose, respelled
from stream.matching.variants import NICKNAMES, sound_of
from stream.matching.verify import Candidate, Hit, verify
from stream.matching.vocabulary import Near

GAPS = (1, 2, 3, 4)  # words from the first to the second of a pair
NEIGHBOURS = 300  # of a last name; the more share it, the less a likeness says
NAMES_PER_TEXT = 60  # places at which one name is verified; a text of nothing but one name stays cheap
INFLECTING = frozenset({"pl", "cs", "sk", "sl", "hr", "bg", "ru", "uk", "lt", "lv", "fi", "et", "hu", "tr", "be", "sr"})
SHORTEST_SCANNED = 3
SHORTEST_TWO_TYPOS = 4
LONGER_TWO_TYPOS = 6  # letters of the longer spelling


def find_candidates(field: CleanField, layer: Layer, language: str) -> Iterator[Candidate]:
    """Every watched name that these words may be, overlapping ones too."""
    if not len(layer.owner):
        return
    reading = plain(field, language)
    yield from _read(reading, layer, language)
    other = respelled(field, language, layer.vocabulary.numbers, layer.singles)
    if other:
        for found in _read(other, layer, language):
            if not any(at in other.changed for at in range(found.at, found.until + 1)):
                continue
            whole = field.tokens
            is_whole = found.start == whole.starts[found.first] and found.end == whole.ends[found.last]
            if is_whole or rest_is_prose(field, found.first, found.last, found.start, found.end):
                yield found._replace(glued=True)
    if layer.native:
        yield from _native(field, layer)


def _read(reading: Reading, layer: Layer, language: str) -> Iterator[Candidate]:
    counts: dict[int, int] = {}
    for hit in sorted(set(_hits(reading, layer, language))):
        count = counts.get(hit.name, 0)
        if count < NAMES_PER_TEXT:
            found = verify(hit, reading, layer)
            if found is not None:
                counts[hit.name] = count + 1
                yield found


def _hits(reading: Reading, layer: Layer, language: str) -> Iterator[Hit]:
    words, numbers, singles = reading.words, layer.vocabulary.numbers, layer.singles
    for at, word in enumerate(words):
        if word in singles:
            yield from (Hit(at, at, name, "exact", "exact", word) for name in singles[word])
    own = [numbers.get(word, -1) for word in words]
    yield from _exact_pairs(own, reading, layer)
    near = _near(reading, layer, language)
    yield from _near_singles(near, layer)
    yield from _near_pairs(own, near, layer)
    yield from _scanned(own, near, reading, layer)


def _exact_pairs(own: list[int], reading: Reading, layer: Layer) -> Iterator[Hit]:
    numbers = np.array(own, np.int64)
    known = np.flatnonzero(numbers >= 0)
    if len(known) < 2:  # noqa: PLR2004  # a pair
        return
    lefts, rights = [], []
    for gap in GAPS:
        left = known[known < len(own) - gap]
        left = left[numbers[left + gap] >= 0]
        lefts.append(left)
        rights.append(left + gap)
    left, right = np.concatenate(lefts), np.concatenate(rights)
    yield from _looked_up(numbers[left] << SHIFT | numbers[right], left, right, layer)
    close = right - left <= 2  # noqa: PLR2004  # "Altman, Sam" and "von der Leyen Ursula" turn round the near ones
    left, right = left[close], right[close]
    yield from _looked_up(numbers[right] << SHIFT | numbers[left], right, left, layer)


def _looked_up(
    keys: npt.NDArray[np.int64], left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], layer: Layer
) -> Iterator[Hit]:
    for hit, name in _found(keys, layer):
        yield Hit(int(left[hit]), int(right[hit]), name, "exact", "exact", "")


def _found(keys: npt.NDArray[np.int64], layer: Layer) -> Iterator[tuple[int, int]]:
    """Of the keys that are filed the place, with each name under it."""
    pairs, names = layer.pairs, layer.pair_names
    if not len(pairs) or not len(keys):
        return
    places = np.searchsorted(pairs, keys)
    for hit in np.flatnonzero(pairs[np.minimum(places, len(pairs) - 1)] == keys):
        place, key = int(places[hit]), keys[hit]
        while place < len(pairs) and pairs[place] == key:
            yield int(hit), int(names[place])
            place += 1


def _near(reading: Reading, layer: Layer, language: str) -> dict[int, tuple[Near, ...]]:
    """The words that may be others, by place: capitalised, and not everyday words."""
    words, starts, text = reading.words, reading.starts, reading.field.text
    inflecting = language in INFLECTING
    places = []
    after_capital = False
    for at, word in enumerate(words):
        capital = word != "" and not text[starts[at]].islower()
        if (capital or (inflecting and after_capital)) and len(word) > 2 and word not in FUNCTION_WORDS:  # noqa: PLR2004
            places.append(at)
        after_capital = capital
    memory = layer.vocabulary.near({words[at] for at in places})
    return {at: found for at in places if (found := memory[words[at]])}


def _near_singles(near: Mapping[int, tuple[Near, ...]], layer: Layer) -> Iterator[Hit]:
    words, singles = layer.vocabulary.words, layer.singles
    for at, others in near.items():
        for number, kind in others:
            for name in singles.get(words[number], ()):
                yield Hit(at, at, name, kind, kind, words[number])


def _near_pairs(own: list[int], near: Mapping[int, tuple[Near, ...]], layer: Layer) -> Iterator[Hit]:
    keys: list[int] = []
    hits: list[tuple[int, int, str, str]] = []
    exact = "exact"

    def ask(left: int, right: int, left_number: int, right_number: int, kinds: tuple[str, str]) -> None:
        keys.append(left_number << SHIFT | right_number)
        hits.append((left, right, *kinds))

    size = len(own)
    for at, others in near.items():
        for step in GAPS:
            right, left = at + step, at - step
            if right < size:
                here = own[right]
                also = near.get(right, ())
                for number, kind in others:
                    if here >= 0:
                        ask(at, right, number, here, (kind, exact))
                        if step == 1:
                            ask(right, at, here, number, (exact, kind))
                    for other, other_kind in also:
                        ask(at, right, number, other, (kind, other_kind))
            if left >= 0 and own[left] >= 0:
                here = own[left]
                for number, kind in others:
                    ask(left, at, here, number, (exact, kind))
                    if step == 1:
                        ask(at, left, number, here, (kind, exact))
    for hit, name in _found(np.array(keys, np.int64), layer):
        left, right, left_kind, right_kind = hits[hit]
        yield Hit(left, right, name, left_kind, right_kind, "")


def _scanned(
    own: list[int], near: Mapping[int, tuple[Near, ...]], reading: Reading, layer: Layer
) -> Iterator[Hit]:
    """Beside a watched name's word a strange one that is like the other word of that name."""
    capitals = [
        at
        for at, word in enumerate(reading.words)
        if len(word) > 1 and word not in FUNCTION_WORDS and word not in TITLES and reading.is_capital(at)
    ]
    present = set(capitals)
    for at in capitals:
        numbers = [Near(own[at], "exact")] if own[at] >= 0 else []
        numbers += [one for one in near.get(at, ()) if one.kind in {"typo", "inflected", "sound"}]
        for number, kind in numbers:
            for step in (1, 2):
                for other, last in ((at - step, True), (at + step, False)):
                    if other in present:
                        for like, name in _like(reading.words[other], layer, number, last=last, kind=kind):
                            yield Hit(other, at, name, like, kind, "") if last else Hit(at, other, name, kind, like, "")


def _like(word: str, layer: Layer, number: int, *, last: bool, kind: str) -> Iterator[tuple[str, int]]:
    others = layer.others_of(number, last=last, limit=NEIGHBOURS)
    if not others:
        return
    start = word[:SHORTEST_SCANNED]
    for other, name in others:
        if other == word:
            continue
        if other.startswith(start) and last and kind == "exact" and (other.startswith(word) or word.startswith(other)) and len(other) > 2:  # noqa: PLR2004
            yield "nickname", name
        elif kind == "exact" and min(len(other), len(word)) >= SHORTEST_TWO_TYPOS and max(len(other), len(word)) >= LONGER_TWO_TYPOS and word not in NICKNAMES and OSA.distance(other, word, score_cutoff=2) <= 2:  # noqa: PLR2004
            yield "typo2", name


def _native(field: CleanField, layer: Layer) -> Iterator[Candidate]:
    """Names in scripts without blanks, wherever they stand in a run of letters."""
    text, tokens = field.folded, field.tokens
    for place, word in enumerate(tokens.words):
        if len(word) < 2 or word[0] < "\u0e00":  # noqa: PLR2004
            continue
        for step in range(len(word) - 1):
            for name_word, name in layer.native.get(word[step : step + 2], ()):
                if word.startswith(name_word, step):
                    start = tokens.starts[place] + step
                    alias = layer.aliases(name)[0]
                    yield Candidate(field, alias, start, start + len(name_word), place, place, place, place, ("exact",))
