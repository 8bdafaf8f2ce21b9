"""How is text folded while every offset still points at the original?

Folding maps one character to one character (case, diacritics, quotes, dashes, ligatures), so the folded text has the
offsets of the text. What changes length (tags, entities, soft hyphens) is taken out before, by `stream.markup`, and an
`OffsetMap` remembers what stood where.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+")
# A small letter before a capital: two words glued ("maisIl") or a brand's own spelling ("OpenAI").
_SEAM = re.compile(r"(?<=[^\W\d_A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ])")

_FOLDED_BY_HAND = {
    **dict.fromkeys("’‘‚‛ʼʹ′`´＇", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "),
    **dict(zip("ßæœøłđðþıħŋſ", "saoolddtihns", strict=True)),
    **dict(zip("ẞÆŒØŁĐÐÞİĦŊ", "saoolddtihn", strict=True)),
}  # fmt: skip
# Latin, Greek, Cyrillic and their extensions, punctuation, letterlike and full-width forms. Other scripts have no case
# and no accents that a newspaper leaves out.
_FOLDED_BLOCKS = (range(0x0250), range(0x0370, 0x0530), range(0x1E00, 0x2070), range(0x2100, 0x2190), range(0xFB00, 0xFB07), range(0xFF01, 0xFF5F))  # fmt: skip


def _folded_character(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)
    bare = "".join(mark for mark in base if not unicodedata.combining(mark))
    return (bare[:1] or character).lower()[:1]


FOLD = {code: _folded_character(chr(code)) for block in _FOLDED_BLOCKS for code in block}
FOLD |= {ord(character): folded for character, folded in _FOLDED_BY_HAND.items()}
FOLD = {code: folded for code, folded in FOLD.items() if folded != chr(code)}


def fold(text: str) -> str:
    """The text without case, accents and typographic variants, character for character."""
    return text.translate(FOLD)


class Token(NamedTuple):
    """One word: its folded form, and where it stands in the text."""

    word: str
    start: int
    end: int


def tokens_in(folded: str) -> list[Token]:
    """Every word, leftmost first. Apostrophes and hyphens part words: "d’Altman", "Altman’s" and "Jean-Luc" are two."""
    return [Token(found[0], found.start(), found.end()) for found in WORD.finditer(folded)]


def words_in(folded: str) -> list[str]:
    return WORD.findall(folded)


def seams_in(token: Token, text: str) -> list[int]:
    """Where the case changes inside the word, as offsets into the text: "maisIl" has one seam, before "Il"."""
    surface = text[token.start : token.end]
    if surface.islower() or surface.isupper() or surface[1:].islower():
        return []
    return [token.start + seam.start() for seam in _SEAM.finditer(surface)]


def split_glued(tokens: list[Token], text: str) -> Iterator[tuple[int, list[Token]]]:
    """Each word that a case change parts, as its place among `tokens` and its parts."""
    for place, token in enumerate(tokens):
        seams = seams_in(token, text)
        if seams:
            edges = [token.start, *seams, token.end]
            yield place, [Token(token.word[a - token.start : b - token.start], a, b) for a, b in zip(edges, edges[1:], strict=False)]  # fmt: skip


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
