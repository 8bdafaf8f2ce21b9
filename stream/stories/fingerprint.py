"""What makes a text recognisable, in a kilobyte?

Pairs of neighbouring long words, each hashed to 32 bits: short words carry the grammar and differ between editors,
long ones carry the story. All pairs of the title and the first 80 words are kept; of the rest so many as fit, chosen by
their own value, so that two texts that share a pair keep or drop it together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from zlib import crc32

import numpy as np

LAYOUT = 1  # first byte of a packed fingerprint
DENSE_WORDS = 80
SHORTEST_WORD = 4
FEATURES = 256  # at most, title and dense part included; 4 bytes each
_HEAD = 4
_UNSIGNED = np.dtype("<u4")  # the same bytes on every machine


@dataclass(frozen=True)
class Fingerprint:
    """An unpacked fingerprint. A feature of the sampled part is kept when its low `rate` bits are zero."""

    title: frozenset[int]
    dense: frozenset[int]
    sampled: frozenset[int]
    rate: int = 0

    @cached_property
    def lead(self) -> frozenset[int]:
        return self.title | self.dense

    @cached_property
    def body(self) -> frozenset[int]:
        """All features of the text, without the title's own."""
        return self.dense | self.sampled

    def body_at(self, rate: int) -> frozenset[int]:
        """The text's features as they would be if all of it were sampled at this rate."""
        mask = (1 << rate) - 1
        return self.body if not mask else frozenset(feature for feature in self.body if not feature & mask)


def fingerprint_of(title: Sequence[str], text: Sequence[str]) -> bytes:
    """The packed fingerprint of the folded words of a title and a text (its boilerplate left out)."""
    titled = _features(title)
    dense = _features(text[:DENSE_WORDS])
    rest = set(_features(text[DENSE_WORDS - 1 :])) - set(dense)
    room, rate = max(FEATURES - len(titled) - len(dense), 0), 0
    while len(rest) > room and rate < 31:  # noqa: PLR2004  # the bits of a feature
        rate += 1
        mask = (1 << rate) - 1
        rest = {feature for feature in rest if not feature & mask}
    return _pack(sorted(set(titled)), sorted(set(dense)), sorted(rest), rate)


def without_sample(packed: bytes) -> bytes:
    """The fingerprint of title and start alone, when there is room for no more."""
    seen = unpack(packed)
    return _pack(sorted(seen.title), sorted(seen.dense), [], seen.rate)


def unpack(packed: bytes) -> Fingerprint:
    """The fingerprint in these bytes; an empty one for a layout that is not ours."""
    if len(packed) < _HEAD or packed[0] != LAYOUT or len(packed) % 4:
        return Fingerprint(frozenset(), frozenset(), frozenset())
    values = np.frombuffer(packed, _UNSIGNED, offset=_HEAD).tolist()
    titled, dense = packed[2], packed[3]
    return Fingerprint(
        frozenset(values[:titled]),
        frozenset(values[titled : titled + dense]),
        frozenset(values[titled + dense :]),
        packed[1],
    )


def _features(words: Sequence[str]) -> list[int]:
    telling = [word for word in words if len(word) >= SHORTEST_WORD or word.isdigit()][:20_000]
    if len(telling) == 1:
        return [crc32(telling[0].encode())]
    return [crc32(f"{left} {right}".encode()) for left, right in pairwise(telling)]


def _pack(title: list[int], dense: list[int], sampled: list[int], rate: int) -> bytes:
    titled, led = title[:255], dense[:255]
    return bytes((LAYOUT, rate, len(titled), len(led))) + np.array(titled + led + sampled, _UNSIGNED).tobytes()
