"""How rare is a term or a passage in the recent news?

Count sketches (Cormode & Muthukrishnan 2005): two rows of counters, of which the lower is believed, less what strangers
that share the counter add on average. Their size is fixed, whatever the articles hold. Terms are counted by language:
what is rare in every language leads from a text to its translation.
"""

import numpy as np
from numpy.typing import NDArray

from stream.stories.fingerprint import FLAG_BITS, Fingerprint

Words = NDArray[np.uint32]
Reals = NDArray[np.float32]

_ROWS = ((np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)), (np.uint32(0xC2B2AE3D), np.uint32(0x27D4EB2F)))
PRIOR = 200.0  # articles of a language that are taken for read before the first: a cold start calls nothing common
USUAL = 12.0  # copies of a passage that are no boilerplate yet


class Sketch:
    """How often each value was counted, about."""

    def __init__(self, bits: int) -> None:
        self.counts = np.zeros((2, 1 << bits), np.int32)
        self.total = 0
        self._shift = np.uint32(32 - bits)

    def add(self, values: Words, times: int, salt: int = 0) -> None:
        for row, places in zip(self.counts, self._places(values, salt), strict=True):
            row[places] += times  # two values of one article that share a counter count once
        self.total += times * len(values)

    def count(self, values: Words, salt: int = 0) -> Reals:
        first, second = (row[places] for row, places in zip(self.counts, self._places(values, salt), strict=True))
        background = self.total / self.counts.shape[1]
        counted: Reals = np.maximum(np.minimum(first, second).astype(np.float32) - np.float32(background), 0)
        return counted

    def _places(self, values: Words, salt: int) -> list[Words]:
        salted = values ^ np.uint32(salt * 0x01000193 & 0xFFFFFFFF)
        return [(salted * factor ^ (salted >> np.uint32(15)) * other) >> self._shift for factor, other in _ROWS]


class Rarity:
    """What the window's articles say, counted. A function of the articles in it."""

    def __init__(self, articles: int) -> None:
        bits = max(14, (articles * 4 - 1).bit_length())
        self.terms, self.shingles = Sketch(bits), Sketch(bits + 1)
        self.of_language: dict[int, int] = {}

    def add(self, print_: Fingerprint) -> None:
        self._count(print_, 1)

    def remove(self, print_: Fingerprint) -> None:
        self._count(print_, -1)

    def term_weights(self, terms: Words, languages: tuple[int, ...]) -> Reals:
        """Inverse document frequency within 0..1; of several languages the one in which the term is most common."""
        hashes = terms >> FLAG_BITS
        share = np.zeros(len(terms), np.float32)
        for language in dict.fromkeys(languages):
            articles = self.of_language.get(language, 0) + PRIOR
            share = np.maximum(share, (self.terms.count(hashes, language) + np.float32(0.5)) / np.float32(articles))
        return np.minimum(np.log(np.minimum(share, 1)) * np.float32(-1 / 9), 1).astype(np.float32)

    def passage_weights(self, shingles: Words) -> Reals:
        """1 for a passage of few articles; what many share (boilerplate, templates) counts little."""
        excess = np.maximum(self.shingles.count(shingles >> np.uint32(1)) - np.float32(USUAL), 0)
        weights: Reals = np.float32(1) / (np.float32(1) + excess / np.float32(4))
        return weights

    def _count(self, print_: Fingerprint, times: int) -> None:
        self.terms.add(print_.terms >> FLAG_BITS, times, print_.language)
        self.shingles.add(print_.shingles >> np.uint32(1), times)
        self.of_language[print_.language] = self.of_language.get(print_.language, 0) + times
