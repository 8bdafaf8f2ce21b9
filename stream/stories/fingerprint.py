"""What makes a text recognisable, in a kilobyte and a half?

Two kinds of stable hashes. *Terms* are the beginnings of words and the numbers, with what they are (number, name, in
the title, in the lead, how often): names and numbers survive rewording and, cut to five letters, translation.
*Shingles* are runs of sixteen letters without the blanks between words: they survive glued words and line breaks. Title
and lead are kept densely; of the rest those with the smallest hashes (a bottom-k sketch, Cohen & Kaplan 2007), so that
two texts that share a passage keep or drop it together, whatever their lengths.
"""

import re
import struct
from collections import Counter
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from stream.text import fold

Words = NDArray[np.uint32]

LAYOUT = 2  # first byte of a packed fingerprint
LONGEST_TEXT = 60_000  # characters; what a newspaper prints is shorter, what a machine prints is bounded
LEAD_WORDS = 80
PREFIX = 5  # letters: "president", "Präsident" and "presidente" all begin so
SHORTEST_TERM = 4
TERMS, NUMBERS, TITLE_TERMS = 208, 40, 32  # at most
SHINGLE = 16  # letters, some three words
LEAD_SHINGLES, REST_SHINGLES = 128, 48  # at most

TF_BITS, NUMBER, NAME, TITLE, LEAD = 0x3, 0x4, 0x8, 0x10, 0x20  # what the low bits of a term say
FLAG_BITS = np.uint32(6)
IN_LEAD = 1  # the low bit of a shingle
_FLAGS = np.uint32(0x3F)
LEAD_RATE = np.uint32(1 << 30)  # a lead's shingle is kept when its hash is below: every fourth
REST_RATE = np.uint32(1 << 29)
_EVERY = 0xFFFFFFFF
_DOUBLINGS = [(length, np.uint32(pow(0x01000193, length, 1 << 32))) for length in (1, 2, 4, 8)]

_HEAD = struct.Struct("<BxHHHHHII")
_WORD = re.compile(r"[^\W\d_]+|\d{1,3}(?:[ \u00a0\u202f]\d{3}(?!\d))+|\d+(?:[.,\u00a0\u202f']\d+)*")
_GROUP_MARK = re.compile(r"[ .,\u00a0\u202f'](?=\d{3}(?!\d))")
# A capital within a sentence. German writes every noun so; how rare the word is tells them apart.
_NAMED = re.compile(r"(?<=[^\W\d_,;)]\s)[^\W\d_a-zà-ÿ][^\W\d_]{3,}")
_WIDE = 0x2E80  # from here on scripts that put no blanks between words


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """An unpacked fingerprint. Terms and shingles ascend by hash; above the `…_below` the rest was not kept."""

    language: int
    words: int
    terms: Words
    shingles: Words
    terms_below: int
    shingles_below: int


EMPTY = Fingerprint(0, 0, np.empty(0, np.uint32), np.empty(0, np.uint32), _EVERY, _EVERY)


def fingerprint_of(title: str, text: str, language: str = "") -> bytes:
    """The packed fingerprint of a clean title and text (boilerplate left out)."""
    text = text[:LONGEST_TEXT]
    titled, told = _WORD.findall(fold(title)), _WORD.findall(fold(text))
    terms, terms_below = _kept_terms(_terms(titled, told, _names(title, text)))
    shingles, shingles_below = _kept_shingles("".join(titled), "".join(told[:LEAD_WORDS]), "".join(told[LEAD_WORDS:]))
    head = _HEAD.pack(
        LAYOUT,
        language_code(language),
        min(len(told), 0xFFFF),
        len(terms),
        len(shingles),
        0,
        terms_below,
        shingles_below,
    )
    return head + terms.astype("<u4").tobytes() + shingles.astype("<u4").tobytes()


def unpack(packed: bytes) -> Fingerprint:
    """The fingerprint in these bytes; an empty one for a layout that is not ours."""
    if len(packed) < _HEAD.size or packed[0] != LAYOUT:
        return EMPTY
    _, language, words, terms, shingles, _, terms_below, shingles_below = _HEAD.unpack_from(packed)
    if len(packed) != _HEAD.size + 4 * (terms + shingles):
        return EMPTY
    values = np.frombuffer(packed, "<u4", offset=_HEAD.size)
    return Fingerprint(language, words, values[:terms], values[terms:], terms_below, shingles_below)


def without_sample(packed: bytes) -> bytes:
    """The fingerprint of title and lead alone, when there is room for no more."""
    seen = unpack(packed)
    terms = seen.terms[(seen.terms & (TITLE | LEAD)) > 0]
    shingles = seen.shingles[(seen.shingles & IN_LEAD) > 0]
    head = _HEAD.pack(LAYOUT, seen.language, seen.words, len(terms), len(shingles), 0, 0, 0)
    return head + terms.tobytes() + shingles.tobytes()


def language_code(language: str) -> int:
    """Two letters as a number; 0 when the language is not known."""
    return int.from_bytes(language[:2].encode("ascii", "replace"), "little") if language not in {"", "und"} else 0


def _terms(titled: list[str], told: list[str], names: set[str]) -> dict[str, int]:
    """What each term is: flags, and in the low bits how often it stands beyond once (3 and more are 3)."""
    often = Counter(_cut(titled))
    in_title, in_lead = set(often), set(_cut(told[:LEAD_WORDS]))
    often.update(_cut(told))
    return {
        term: min(count - 1, TF_BITS)
        | (NUMBER if term[0].isdigit() else 0)
        | (NAME if term in names else 0)
        | (TITLE if term in in_title else 0)
        | (LEAD if term in in_lead else 0)
        for term, count in often.items()
    }


def _cut(words: list[str]) -> list[str]:
    """The terms in a row of words: beginnings of the longer ones, numbers without the marks that part thousands."""
    return [
        word[:PREFIX] if len(word) >= SHORTEST_TERM and not word[0].isdigit() else _number(word)
        for word in words
        if len(word) >= SHORTEST_TERM or word[0].isdigit() or ord(word[0]) >= _WIDE
    ]


def _number(word: str) -> str:
    return word if word.isdigit() else _GROUP_MARK.sub("", word).replace(",", ".")


def _names(title: str, text: str) -> set[str]:
    found = _NAMED.findall(text) if title.isupper() else _NAMED.findall(f"{title}\n{text}")
    return {name[:PREFIX] for name in fold(" ".join(found)).split()}


def _kept_terms(seen: dict[str, int]) -> tuple[Words, int]:
    hashes = np.fromiter((crc32(term.encode()) for term in seen), np.uint32, len(seen))
    flags = np.fromiter(seen.values(), np.uint32, len(seen))
    values = (_mixed(hashes) & ~_FLAGS) | flags
    values.sort()
    if len(values) <= TERMS:
        return values, _EVERY
    titled = values[(values & TITLE) > 0][:TITLE_TERMS]
    led = values[(values & (LEAD | TITLE)) == LEAD]
    numbers = values[(values & (LEAD | TITLE | NUMBER)) == NUMBER][:NUMBERS]
    rest = values[(values & (LEAD | TITLE | NUMBER)) == 0]
    room = max(TERMS - len(titled) - len(led) - len(numbers), 0)
    below = int(rest[room]) if room < len(rest) else _EVERY
    return np.sort(np.concatenate((titled, led, numbers, rest[:room]))), below


def _kept_shingles(title: str, lead: str, rest: str) -> tuple[Words, int]:
    dense = np.concatenate((_shingles(title), _shingles(lead)))
    dense = np.sort(dense[dense < LEAD_RATE])[:LEAD_SHINGLES]
    # The run across the border of lead and rest belongs to the rest.
    sparse = _shingles(lead[-SHINGLE + 1 :] + rest) if rest else dense[:0]
    sparse = np.sort(sparse[sparse < REST_RATE])
    below = int(sparse[REST_SHINGLES]) if len(sparse) > REST_SHINGLES else int(REST_RATE)
    kept = np.concatenate((dense << np.uint32(1) | np.uint32(IN_LEAD), sparse[:REST_SHINGLES] << np.uint32(1)))
    return _distinct(np.sort(kept)), below


def _distinct(values: Words) -> Words:
    """Ascending shingles, each once: of one that stands in lead and rest the lead's."""
    if len(values) < 2:  # noqa: PLR2004  # a pair at least
        return values
    last = np.append(values[1:] >> np.uint32(1) != values[:-1] >> np.uint32(1), True)
    kept: Words = values[last]
    return kept


def _shingles(letters: str) -> Words:
    """A hash (31 bits) of each run of 16 letters; a text below that is one run."""
    codes = np.frombuffer(letters.encode("utf-32-le"), "<u4")
    if len(codes) < SHINGLE:
        whole = [crc32(codes.tobytes()) >> 1] if len(codes) >= SHINGLE // 2 else []
        return np.array(whole, np.uint32)
    hashed = codes.astype(np.uint32)
    for length, factor in _DOUBLINGS:  # a run of 2n letters is two runs of n
        hashed = hashed[:-length] * factor + hashed[length:]
    return _mixed(hashed) >> np.uint32(1)


def _mixed(values: Words) -> Words:
    """Every bit depends on every bit (MurmurHash3's finalizer): small hashes are a fair sample."""
    mixed: Words = values ^ (values >> np.uint32(16))
    mixed = mixed * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed = mixed * np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed
