"""Where might a watched name stand?

A walk over the words that asks the index at each one and reads on while a longer name is possible. A word that a case
change parts ("maisIl", "SamAltman") is read both whole and in its parts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from stream.clean import CleanField
from stream.matching.common import FUNCTION_WORDS
from stream.matching.index import Alias
from stream.text import Token, split_glued
from wire.messages import Zone

# What may stand between two words of one name: blanks, one hyphen, apostrophe, "&" or the dot of an initial.
_WITHIN_NAME = re.compile(r"[^\S\n]{0,3}(?:\n[^\S\n]{0,3})?(?:['&+·]|-[^\S\n]?\n?)?[^\S\n]{0,3}")
_AFTER_INITIAL = re.compile(r"\.-?[^\S\n]{0,2}")
LONGEST_INITIAL = 3  # "J.", "St.", "Dr."; after a longer word a full stop ends the sentence
SHORTEST_GLUED = 3  # "i" in "iPhone" and "e" in "eBay" are no glued words


@dataclass(frozen=True)
class Candidate:
    """An alias whose words stand in a row. `first` and `last` are places among the field's tokens."""

    field: CleanField
    alias: Alias
    start: int
    end: int
    first: int
    last: int
    glued: bool = False

    @cached_property
    def surface(self) -> str:
        return self.field.text[self.start : self.end]

    @cached_property
    def zone(self) -> Zone:
        return self.field.zone_at(self.start)


def find_candidates(field: CleanField, names: Mapping[str, tuple[Alias, ...]]) -> Iterator[Candidate]:
    """Every alias whose words stand in a row in this field, overlapping ones too."""
    places = range(len(field.tokens))
    yield from _walk(field, field.tokens, places, names)
    glued = dict(split_glued(field.tokens, field.text))
    if glued:
        yield from _walk_glued(field, glued, names)


def _walk(
    field: CleanField, tokens: Sequence[Token], places: Sequence[int], names: Mapping[str, tuple[Alias, ...]]
) -> Iterator[Candidate]:
    for at, token in enumerate(tokens):
        joined, end = token.word, at
        found = names.get(joined)
        while found is not None:
            for alias in found:
                yield Candidate(field, alias, token.start, tokens[end].end, places[at], places[end])
            end += 1
            if end == len(tokens) or not _is_one_name(field.folded, tokens[end - 1], tokens[end]):
                break
            joined = f"{joined} {tokens[end].word}"
            found = names.get(joined)


def _is_one_name(folded: str, left: Token, right: Token) -> bool:
    gap = folded[left.end : right.start]
    if gap in {"", " ", "-", "'"} or _WITHIN_NAME.fullmatch(gap):
        return True
    return len(left.word) <= LONGEST_INITIAL and _AFTER_INITIAL.fullmatch(gap) is not None


def _walk_glued(
    field: CleanField, glued: dict[int, list[Token]], names: Mapping[str, tuple[Alias, ...]]
) -> Iterator[Candidate]:
    """Names that begin or end inside a glued word, or are it ("SamAltman")."""
    tokens: list[Token] = []
    places: list[int] = []
    for place, token in enumerate(field.tokens):
        parts = glued.get(place, [token])
        tokens += parts
        places += [place] * len(parts)
    for found in _walk(field, tokens, places, names):
        first, last = field.tokens[found.first], field.tokens[found.last]
        is_whole = found.start == first.start and found.end == last.end
        if is_whole and not (found.first in glued or found.last in glued):
            continue
        if is_whole or _rest_is_prose(field, found, first, last):
            yield Candidate(field, found.alias, found.start, found.end, found.first, found.last, glued=True)


def _rest_is_prose(field: CleanField, found: Candidate, first: Token, last: Token) -> bool:
    """ "maisIl" is prose and a name; "OpenAI" is not the word "Open" and something."""
    before, after = field.text[first.start : found.start], field.folded[found.end : last.end]
    prose_before = not before or (before.islower() and len(before) >= SHORTEST_GLUED)
    return prose_before and (not after or after in FUNCTION_WORDS)
