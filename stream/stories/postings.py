"""Which recent articles share a rare term, a passage or an address with this one?

Rings of fixed width: a key's hash names a ring, which holds the newest articles filed there. The oldest fall out by
themselves, strangers in a ring are told apart when the fingerprints are compared, and memory never grows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.stories.fingerprint import FLAG_BITS, Fingerprint

Words = NDArray[np.uint32]
Places = NDArray[np.int64]
Reals = NDArray[np.float32]

RING, PASSAGE_RING = 32, 16
ASKED_PASSAGES, FILED_PASSAGES = 64, 40  # the smallest hashes: copies keep the same
_LOW = 0xFFFFFFFF
_SPREAD = np.uint32(0x9E3779B1)


class Rings:
    """From a key (32 bits, its high ones even) to the offsets filed under it, the newest `width`."""

    def __init__(self, bits: int, width: int) -> None:
        self.cells = np.zeros((1 << bits, width), np.uint32)
        self.cursors = np.zeros(1 << bits, np.uint8)
        self._shift = np.uint32(32 - bits)

    def add(self, keys: Words, offset: int) -> None:
        rings = np.unique(keys >> self._shift)
        cursors = self.cursors[rings]
        self.cells[rings, cursors % self.cells.shape[1]] = (offset + 1) & _LOW
        self.cursors[rings] = cursors + np.uint8(1)

    def read(self, keys: Words, before: int) -> Places:
        """The offsets in each key's ring, a row a key; -1 where none is. Offsets keep their low 32 bits."""
        found = self.cells[keys >> self._shift].astype(np.int64)
        return np.where(found == 0, -1, before - ((before + 1 - found) & _LOW))


@dataclass(frozen=True, slots=True)
class Keys:
    """What leads from one article to others, and how much each key tells."""

    terms: Words
    term_weights: Reals
    passages: Words
    passage_weights: Reals


class Postings:
    """The rings of one set of articles, sized for so many."""

    def __init__(self, articles: int) -> None:
        bits = min(max(10, (articles * 2 - 1).bit_length()), 24)
        self.terms, self.passages = Rings(bits, RING), Rings(bits + 1, PASSAGE_RING)

    def add(self, print_: Fingerprint, url: int, offset: int) -> None:
        self.terms.add((print_.terms >> FLAG_BITS) * _SPREAD, offset)
        self.passages.add(np.append(print_.shingles[:FILED_PASSAGES] >> 1, np.uint32(url)) * _SPREAD, offset)

    def find(self, keys: Keys, *, oldest: int, before: int) -> tuple[Places, Reals, Reals]:
        """Offsets within `oldest..before`, ascending, and what terms and passages say for each."""
        terms = self.terms.read(keys.terms * _SPREAD, before).ravel()
        passages = self.passages.read(keys.passages * _SPREAD, before).ravel()
        offsets = np.concatenate((terms, passages))
        weights = np.zeros((2, len(offsets)), np.float32)
        weights[0, : len(terms)] = np.repeat(keys.term_weights, RING)
        weights[1, len(terms) :] = np.repeat(keys.passage_weights, PASSAGE_RING)
        valid = np.flatnonzero((offsets >= oldest) & (offsets < before))
        if not len(valid):
            return offsets[:0], weights[0, :0], weights[1, :0]
        order = valid[np.argsort(offsets[valid], kind="stable")]
        offsets, weights = offsets[order], weights[:, order]
        starts = np.flatnonzero(np.append(True, offsets[1:] != offsets[:-1]))
        by_terms, by_passages = np.add.reduceat(weights, starts, axis=1)
        return offsets[starts], by_terms, by_passages
