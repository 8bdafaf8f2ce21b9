"""Where might a watched name stand?

The words of a text are turned into numbers, and all pairs of near words are looked up at once. A capitalised word that
is not a watched one is also looked up as the watched words that it may be, misspelt or inflected. What is found so is
only a suspicion; `verify` reads the words around.
"""

from collections.abc import Iterator, Mapping
from itertools import compress
from operator import or_

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from stream.clean import CleanField
from stream.matching.common import FIRST_NAMES, FUNCTION_WORDS, PARTICLES, SURNAMES
from stream.matching.layer import SHIFT, Layer
from stream.matching.lexicon import KNOWN
from stream.matching.readings import Reading, plain, respelled, rest_is_prose
from stream.matching.variants import FOREIGN, NICKNAMES
from stream.matching.verify import Candidate, Hit, verify
from stream.matching.vocabulary import Kind, Near

PAIR = 2
GAPS = (1, 2, 3, 4)  # words from the first to the second of a pair
NEIGHBOURS = 300  # of a last name; the more share it, the less a likeness says
NAMES_PER_TEXT = 60  # places at which one name is verified; a text of nothing but one name stays cheap
LONG_TEXT = 6000  # words; behind them (some 40 kB) names are looked for as they are written, and each a few times
NAMES_BEHIND = 3
INFLECTING = frozenset({"pl", "cs", "sk", "sl", "hr", "bg", "ru", "uk", "lt", "lv", "fi", "et", "hu", "tr", "be", "sr"})
SHORTEST_SCANNED = 3
DECLINED = frozenset({"inflected", "attached", "nickname"})  # kinds that a name turned round may have
ALONE = frozenset({"inflected", "attached", "typo"})  # kinds in which a name of one word may differ
MIDDLE = 3  # letters: an initial, a particle
SHORTEST_TWO_TYPOS = 4
LONGER_TWO_TYPOS = 6  # letters of the longer spelling


def find_candidates(field: CleanField, layer: Layer, language: str) -> Iterator[Candidate]:
    """Every watched name that these words may be, overlapping ones too."""
    if not len(layer.owner):
        return
    reading = plain(field, language)
    yield from _read(reading, layer, language)
    other = respelled(field, language, layer.vocabulary.numbers)
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
        if count < (NAMES_PER_TEXT if hit.left < LONG_TEXT else NAMES_BEHIND):
            found = verify(hit, reading, layer)
            if found is not None:
                counts[hit.name] = count + 1
                yield found


def _hits(reading: Reading, layer: Layer, language: str) -> Iterator[Hit]:
    words, numbers, singles = reading.words, layer.vocabulary.numbers, layer.singles
    text, starts = reading.field.text, reading.starts
    for at, word in [(at, word) for at, word in enumerate(words) if word in singles]:
        # An everyday word in small letters is no brand; a watchlist of companies has thousands of such.
        if word not in KNOWN or not text[starts[at]].islower():
            yield from (Hit(at, at, name, "exact", "exact", word) for name in singles[word])
    own = list(map(numbers.get, words))
    yield from _exact_pairs(own, layer)
    named = _named(reading, language)[:LONG_TEXT]
    near = _near(named, reading, layer)
    yield from _near_singles(near, reading, layer)
    if len(layer.pairs):
        neighbours = _neighbours(own, near, named, reading)
        yield from _near_pairs(own, near, neighbours, layer)
        yield from _scanned(own, neighbours, reading, layer)


def _exact_pairs(own: list[int | None], layer: Layer) -> Iterator[Hit]:
    numbers = np.array([-1 if number is None else number for number in own], np.int64)
    known = np.flatnonzero(numbers >= 0)
    if len(known) < PAIR:
        return
    lefts, rights = [], []
    for gap in GAPS:
        left = known[known < len(own) - gap]
        left = left[numbers[left + gap] >= 0]
        lefts.append(left)
        rights.append(left + gap)
    left, right = np.concatenate(lefts), np.concatenate(rights)
    yield from _looked_up(numbers[left] << SHIFT | numbers[right], left, right, layer)
    close = right - left <= PAIR
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
    seen: dict[int, int] = {}
    for hit in np.flatnonzero(pairs[np.minimum(places, len(pairs) - 1)] == keys):
        place, key = int(places[hit]), keys[hit]
        seen[place] = seen.get(place, 0) + 1
        if seen[place] > NAMES_PER_TEXT:
            continue
        while place < len(pairs) and pairs[place] == key:
            yield int(hit), int(names[place])
            place += 1


def _named(reading: Reading, language: str) -> list[int]:
    """Places of words that may be part of a name: with a capital, or behind such a one where names are inflected."""
    words = reading.words
    capital = [not letter.islower() for letter in map(reading.field.text.__getitem__, reading.starts)]
    if language in INFLECTING:
        capital = list(map(or_, capital, [False, *capital]))
    return [at for at in compress(range(len(words)), capital) if words[at] and words[at] not in FUNCTION_WORDS]


def _near(named: list[int], reading: Reading, layer: Layer) -> dict[int, tuple[Near, ...]]:
    """The watched words that these may be, by place."""
    words = reading.words
    memory = layer.vocabulary.near({words[at] for at in named if len(words[at]) >= SHORTEST_SCANNED})
    return {at: found for at in named if (found := memory.get(words[at]))}


def _near_singles(near: Mapping[int, tuple[Near, ...]], reading: Reading, layer: Layer) -> Iterator[Hit]:
    words, singles = layer.vocabulary.words, layer.singles
    for at, others in near.items():
        for number, kind in others:
            for name in singles.get(words[number], ()) if kind in ALONE or FOREIGN.match(reading.words[at]) else ():
                yield Hit(at, at, name, kind, kind, words[number])


def _near_pairs(
    own: list[int | None], near: Mapping[int, tuple[Near, ...]], neighbours: list[tuple[int, int]], layer: Layer
) -> Iterator[Hit]:
    keys: list[int] = []
    origins: list[tuple[int, int, Kind, Kind]] = []
    first = {at: _and_itself(own[at], near.get(at, ()), layer.may_be_first) for at in {left for left, _ in neighbours}}
    last = {at: _and_itself(own[at], near.get(at, ()), layer.may_be_last) for at in {right for _, right in neighbours}}
    for left, right in neighbours:
        rights = last[right]
        for number, kind in first[left] if rights else ():
            high = number << SHIFT
            keys += [high | other for other, _ in rights]
            origins += [(left, right, kind, other_kind) for _, other_kind in rights]
    for hit, name in _found(np.array(keys, np.int64), layer):
        left, right, kind, other_kind = origins[hit]
        if kind != "exact" or other_kind != "exact":
            yield Hit(left, right, name, kind, other_kind, "")
    yield from _turned_pairs(own, near, neighbours, layer)


def _turned_pairs(
    own: list[int | None], near: Mapping[int, tuple[Near, ...]], neighbours: list[tuple[int, int]], layer: Layer
) -> Iterator[Hit]:
    """ "Altmana Sama": the last name first, one of the two as the watchlist writes it."""
    keys: list[int] = []
    origins: list[tuple[int, int, Kind, Kind]] = []
    for left, right in neighbours:
        if right - left == 1:
            here, there = own[left], own[right]
            if here is not None and layer.may_be_last[here]:
                keys += [number << SHIFT | here for number, kind in near.get(right, ()) if kind in DECLINED]
                origins += [(right, left, kind, "exact") for _, kind in near.get(right, ()) if kind in DECLINED]
            if there is not None and layer.may_be_first[there]:
                keys += [there << SHIFT | number for number, kind in near.get(left, ()) if kind in DECLINED]
                origins += [(right, left, "exact", kind) for _, kind in near.get(left, ()) if kind in DECLINED]
    for hit, name in _found(np.array(keys, np.int64), layer):
        yield Hit(origins[hit][0], origins[hit][1], name, origins[hit][2], origins[hit][3], "")


def _and_itself(number: int | None, near: tuple[Near, ...], fits: bytes) -> list[tuple[int, Kind]]:
    """The watched words that a word may be, itself too, as far as names have them in this place."""
    fitting: list[tuple[int, Kind]] = [(other, kind) for other, kind in near if fits[other]]
    if number is not None and fits[number]:
        fitting.append((number, "exact"))
    return fitting


def _neighbours(
    own: list[int | None], near: Mapping[int, tuple[Near, ...]], named: list[int], reading: Reading
) -> list[tuple[int, int]]:
    """Pairs of places of one possible name: side by side, or with particles, initials and a middle name between.

    At least one of the two is a watched word, or near to one.
    """
    words = reading.words
    known = [own[at] is not None or at in near for at in named]
    pairs = []
    for place, left in enumerate(named):
        for ahead in range(place + 1, min(place + 1 + GAPS[-1], len(named))):
            step = named[ahead] - left
            if step > GAPS[-1]:
                break
            if (known[place] or known[ahead]) and (
                step <= PAIR or all(map(_may_stand_between, words[left + 1 : named[ahead]]))
            ):
                pairs.append((left, named[ahead]))
    return pairs


def _may_stand_between(word: str) -> bool:
    return len(word) < MIDDLE or word in PARTICLES or word in FUNCTION_WORDS


def _scanned(own: list[int | None], neighbours: list[tuple[int, int]], reading: Reading, layer: Layer) -> Iterator[Hit]:
    """Beside a watched name's word a strange one that is like the other word of that name."""
    words = reading.words
    for left, right in neighbours:
        if right - left > PAIR:
            continue
        first, last = own[left], own[right]
        if last is not None and words[left] not in SURNAMES:
            for kind, name in _like(words[left], layer, last, is_last=True):
                yield Hit(left, right, name, kind, "exact", "")
        if first is not None and words[right] not in SURNAMES:
            for kind, name in _like(words[right], layer, first, is_last=False):
                yield Hit(left, right, name, "exact", kind, "")


def _like(word: str, layer: Layer, number: int, *, is_last: bool) -> Iterator[tuple[str, int]]:
    """Names whose one word is this number and whose other word this one is like: a short form, or two letters off."""
    if len(word) < SHORTEST_SCANNED or word in FIRST_NAMES:
        return
    others, names = layer.others_of(number, last=is_last, limit=NEIGHBOURS)
    if not others:
        return
    if is_last and word not in NICKNAMES:
        start = word[:SHORTEST_SCANNED]
        for other, name in zip(others, names, strict=True):
            if (
                other.startswith(start)
                and other != word
                and (other.startswith(word) or (len(other) >= SHORTEST_SCANNED and word.startswith(other)))
            ):
                yield "nickname", name
    if len(word) >= SHORTEST_TWO_TYPOS and word not in NICKNAMES:
        for other, distance, place in process.extract(word, others, scorer=OSA.distance, score_cutoff=2, limit=None):
            if (
                distance
                and min(len(other), len(word)) >= SHORTEST_TWO_TYPOS
                and max(len(other), len(word)) >= LONGER_TWO_TYPOS
            ):
                yield "typo2", names[place]


def _native(field: CleanField, layer: Layer) -> Iterator[Candidate]:
    """Names in scripts without blanks, wherever they stand in a run of letters."""
    tokens = field.tokens
    for place, word in enumerate(tokens.words):
        if len(word) < PAIR or word[0] < "\u0e00":
            continue
        for step in range(len(word) - 1):
            for name_word, name in layer.native.get(word[step : step + 2], ()):
                if word.startswith(name_word, step):
                    start = tokens.starts[place] + step
                    alias = layer.aliases(name)[0]
                    yield Candidate(field, alias, start, start + len(name_word), place, place, place, place, ("exact",))
