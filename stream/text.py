"""How is text folded while every offset still points at the original?

Folding maps one character to one character (case, diacritics, quotes, dashes, ligatures), so the folded text has the
offsets of the text. What changes length (tags, entities, soft hyphens) is taken out before, by `stream.markup`, and an
`OffsetMap` remembers what stood where.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+")
_SEAM = re.compile(r"[a-zß-öø-ÿ](?=[A-ZÀ-ÖØ-Þ])")

_BLANKS = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_FOREIGN = re.compile(r"[^\x00-\x7f]+|\t")  # the table costs fifty times what lower() does, so only these go through it
_FOLDED_BY_HAND = {
    **dict.fromkeys("’‘‚‛ʼʹ′`´＇", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys(_BLANKS, " "),
    **dict(zip("ßæœøłđðþıħŋſ", "saoolddtihns", strict=True)),
    **dict(zip("ẞÆŒØŁĐÐÞİĦŊ", "saoolddtihn", strict=True)),
}
# Latin, Greek, Cyrillic and their extensions, punctuation, letterlike and full-width forms. Other scripts have no case
# and no accents that a newspaper leaves out.
_FOLDED_BLOCKS = (
    range(0x0250),
    range(0x0370, 0x0530),
    range(0x1E00, 0x2070),
    range(0x2100, 0x2190),
    range(0xFB00, 0xFB07),
    range(0xFF01, 0xFF5F),
)


def _folded_character(character: str) -> str:
    """Its base letter, small. A sign stays a sign: folded to a letter, "™" would lengthen the word before it."""
    base = unicodedata.normalize("NFKD", character)
    bare = "".join(mark for mark in base if not unicodedata.combining(mark))
    folded = (bare[:1] or character).lower()[:1]
    return folded if folded.isalnum() == character.isalnum() else character


FOLD = {code: _folded_character(chr(code)) for block in _FOLDED_BLOCKS for code in block}
FOLD |= {ord(character): folded for character, folded in _FOLDED_BY_HAND.items()}
FOLD = {code: folded for code, folded in FOLD.items() if folded != chr(code)}


_ALIKE = str.maketrans("аеорсухіјѕһкмтвнԁαορυνικτρ", "aeopcyxijshkmtbhdaopuviktp")
_GREEK_CYRILLIC = re.compile(r"[\u0370-\u052f]")
_MIXED = re.compile(r"[^\W_]*(?:[a-z][\u0370-\u052f]|[\u0370-\u052f][a-z])[^\W_]*")


def fold(text: str) -> str:
    """The text without case, accents and typographic variants, character for character.

    A word of Latin letters and Greek or Cyrillic ones that look like them is read as Latin.
    """
    folded = _FOREIGN.sub(_translated, text).lower()
    return _MIXED.sub(_unmixed, folded) if _GREEK_CYRILLIC.search(folded) else folded


def _translated(found: re.Match[str]) -> str:
    return found[0].translate(FOLD)


def _unmixed(found: re.Match[str]) -> str:
    return found[0].translate(_ALIKE)


class Token(NamedTuple):
    """One word: its folded form, and where it stands in the text."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """All words of a text, leftmost first, as three columns: a text has hundreds, and few are looked at alone."""

    words: list[str]
    starts: list[int]
    ends: list[int]

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, place: int) -> Token:
        return Token(self.words[place], self.starts[place], self.ends[place])

    def place_at(self, offset: int) -> int:
        """The place of the word in or behind which this offset stands."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def within(self, start: int, end: int) -> list[str]:
        """The words that begin in `start:end`."""
        return self.words[bisect_left(self.starts, start) : bisect_left(self.starts, end)]


def tokens_in(folded: str) -> Tokens:
    """Every word. Apostrophes and hyphens part words: "d’Altman", "Altman’s" and "Jean-Luc" are two each."""
    found = list(WORD.finditer(folded))
    return Tokens([one[0] for one in found], [one.start() for one in found], [one.end() for one in found])


def words_in(folded: str) -> list[str]:
    return WORD.findall(folded)


def seams_in(text: str, tokens: Tokens) -> dict[int, list[int]]:
    """Words inside which a small letter meets a capital, by place, with the offsets of the capitals.

    Two words were glued ("maisIl"), or it is a brand's own spelling ("OpenAI"): the caller finds out.
    """
    seams: dict[int, list[int]] = {}
    for found in _SEAM.finditer(text):
        seams.setdefault(tokens.place_at(found.start()), []).append(found.start() + 1)
    return seams


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetMap:
    """Leads from the clean text back to the field as given.

    The clean text is a row of pieces. Within a verbatim piece offsets run in step; a replaced piece (an entity, the
    break at a block's end) stands for the whole range it replaces.
    """

    starts: tuple[int, ...] = (0,)  # of each piece in the clean text
    raw_starts: tuple[int, ...] = (0,)
    raw_ends: tuple[int, ...] = (0,)
    verbatim: tuple[bool, ...] = field(default=(True,))

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the clean characters `start:end` (at least one) stand in the field as given."""
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        raw_start, raw_end = self.raw_starts[first], self.raw_ends[last]
        if self.verbatim[first]:
            raw_start += start - self.starts[first]
        if self.verbatim[last]:
            raw_end = self.raw_starts[last] + end - self.starts[last]
        return raw_start, raw_end
