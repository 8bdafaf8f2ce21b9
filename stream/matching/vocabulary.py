"""Which words of watched names may this word of the text be?

Every distinct word of the watched names has a number. A word of the text leads to numbers: at once when it is written
so, else through keys that both spellings share: the word with one letter left out (typos), its stem (inflection), its
sound (transliteration). All keys of a text are looked up at once in one sorted array.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from stream.matching.variants import (
    FOREIGN,
    NICKNAMES,
    misread_as,
    romanise,
    sounds_of,
    stems_behind,
    stems_of,
)

Kind = Literal["exact", "attached", "inflected", "nickname", "typo", "sound", "typo2", "initial"]

SHORTEST_TYPO = 4  # "Kim" with a letter changed is any short word
SHORTEST_FUZZY = 3
MEMORY = 1 << 17  # words whose neighbours are remembered; news repeats its words

_HANGUL = "가"
_PARTICLES_KO = (
    "에서",
    "으로",
    "에게",
    "까지",
    "부터",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "와",
    "과",
    "도",
    "로",
)
_PREFIXES = {
    "ar": ("وال", "بال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ك"),
    "he": ("וה", "של", "ו", "ה", "ב", "ל", "מ", "ש", "כ"),
}


class Near(NamedTuple):
    """A word of a watched name, by number, and in which way the text's word may be it."""

    number: int
    kind: Kind


class Vocabulary:
    """All distinct words of the watched names of one layer. Built once; afterwards only remembers answers."""

    def __init__(self, words: list[str], persons: AbstractSet[str]) -> None:
        self.words = words
        self.numbers = {word: number for number, word in enumerate(words)}
        self._keys, self._owners = _sorted_keys(words, persons)
        self._memory: dict[str, tuple[Near, ...]] = {}

    def near(self, wanted: Iterable[str]) -> dict[str, tuple[Near, ...]]:
        """For each of these words the watched words that it may be, besides itself."""
        memory = self._memory
        missing = [word for word in wanted if word not in memory]
        if missing:
            if len(memory) > MEMORY:
                memory.clear()
            memory.update(self._find(missing))
        return memory

    def _find(self, words: list[str]) -> dict[str, tuple[Near, ...]]:
        asked = [_asked(word) for word in words]
        flat = np.fromiter((key for keys in asked for key in keys), np.int64)
        places = np.searchsorted(self._keys, flat)
        hits = np.flatnonzero(self._keys[np.minimum(places, len(self._keys) - 1)] == flat) if len(self._keys) else ()
        owner_of = np.repeat(np.arange(len(words)), [len(keys) for keys in asked])
        near: list[dict[int, None]] = [{} for _ in words]
        for hit in hits:
            place, key = int(places[hit]), flat[hit]
            while place < len(self._keys) and self._keys[place] == key:
                near[owner_of[hit]][int(self._owners[place])] = None
                place += 1
        return {word: tuple(self._judged(word, found)) for word, found in zip(words, near, strict=True)}

    def _judged(self, word: str, numbers: Iterable[int]) -> Iterable[Near]:
        own = self.numbers.get(word)
        seen = {own}
        for other, kind in self._by_table(word):
            number = self.numbers.get(other)
            if number is not None and number not in seen:
                seen.add(number)
                yield Near(number, kind)
        for number in numbers:
            found = None if number in seen else relation(word, self.words[number])
            if found:
                yield Near(number, found)

    def _by_table(self, word: str) -> Iterable[tuple[str, Kind]]:
        for other in NICKNAMES.get(word, ()):
            yield other, "nickname"
        for other in misread_as(word):
            yield other, "typo"
        if word[:1] >= "\u0590":
            for other in _detached(word):
                yield other, "attached"
        if FOREIGN.search(word):
            yield romanise(word), "sound"


def relation(word: str, other: str) -> Kind | None:
    """In which way the word of a text may stand for the other, a word of a name."""
    if FOREIGN.match(word) and not FOREIGN.match(other):
        latin = romanise(word)
        return "sound" if not FOREIGN.search(latin) and (latin == other or relation(latin, other)) else None
    if len(word) >= SHORTEST_FUZZY and len(other) >= SHORTEST_FUZZY and _is_inflected(word, other):
        return "inflected"
    if min(len(word), len(other)) >= SHORTEST_TYPO and (
        OSA.distance(word, other, score_cutoff=1) <= 1 or other in misread_as(word)
    ):
        return "typo"
    if min(len(word), len(other)) >= SHORTEST_TYPO and not set(sounds_of(word)).isdisjoint(sounds_of(other)):
        return "sound"
    return None


def _is_inflected(word: str, other: str) -> bool:
    return word != other and not set(stems_behind(word)).isdisjoint(stems_of(other)) and word[:2] == other[:2]


def _detached(word: str) -> Iterable[str]:
    """The word without the particle that Korean, Arabic or Hebrew attach to it."""
    if word[-1] >= _HANGUL:
        yield from (word[: -len(end)] for end in _PARTICLES_KO if word.endswith(end) and len(word) > len(end) + 1)
    for prefixes in _PREFIXES.values():
        yield from (word[len(start) :] for start in prefixes if word.startswith(start) and len(word) > len(start) + 1)


def _deletes(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _asked(word: str) -> list[int]:
    """The keys under which a watched word like this one would stand."""
    keys = [hash(stem + "*") for stem in stems_behind(word)]
    if FOREIGN.match(word):
        keys += [hash(stem + "*") for stem in stems_behind(romanise(word))]
    if len(word) >= SHORTEST_TYPO:
        keys.append(hash(word))
        keys += [hash(sound + "~") for sound in sounds_of(word)]
        keys += map(hash, _deletes(word))
    return keys


def _filed(word: str, *, is_person: bool) -> list[int]:
    """The keys under which a watched word stands. Only persons' names are spelt by their sound."""
    if len(word) < SHORTEST_FUZZY or word.isdigit():
        return []
    keys = [hash(stem + "*") for stem in stems_of(word)]
    if len(word) >= SHORTEST_TYPO:
        keys.append(hash(word))
        if is_person:
            keys += [hash(sound + "~") for sound in sounds_of(word)]
        keys += map(hash, _deletes(word))
    return keys


def _sorted_keys(words: list[str], persons: AbstractSet[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    counts = np.empty(len(words), np.int32)

    def keys() -> Iterable[int]:
        for place, word in enumerate(words):
            filed = _filed(word, is_person=word in persons)
            counts[place] = len(filed)
            yield from filed

    flat = np.fromiter(keys(), np.int64)
    owners = np.repeat(np.arange(len(words), dtype=np.int32), counts)
    order = np.argsort(flat, kind="stable")
    return flat[order], owners[order]
