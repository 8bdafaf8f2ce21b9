"""Where might a watched name stand?

A walk over the words that asks the index at each one and reads on while a longer name is possible. A word that a case
change parts ("maisIl", "SamAltman") is read both whole and in its parts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stream.clean import CleanField
from stream.matching.common import FUNCTION_WORDS
from stream.matching.index import Alias
from stream.text import Tokens, seams_in
from wire.messages import Zone

# What may stand between two words of one name: blanks, one hyphen, apostrophe, "&" or the dot of an initial.
_WITHIN_NAME = re.compile(r"[^\S\n]{0,3}(?:\n[^\S\n]{0,3})?(?:['&+·]|-[^\S\n]?\n?)?[^\S\n]{0,3}")
_AFTER_INITIAL = re.compile(r"\.-?[^\S\n]{0,2}")
_PLAIN_GAPS = frozenset(
    ("", " ", "-", "'", "_", ".")
)  # "." and "_" alone: "Sam.Altman" is an address, "Sam. Altman" are two sentences
LONGEST_INITIAL = 3  # "J.", "St.", "Dr."; after a longer word a full stop ends the sentence
REACH = 4  # words around a glued one that may belong to the same name
SHORTEST_GLUED = 3  # "i" in "iPhone" and "e" in "eBay" are no glued words


@dataclass(frozen=True, slots=True)
class Candidate:
    """An alias whose words stand in a row. `first` and `last` are places among the field's tokens."""

    field: CleanField
    alias: Alias
    start: int
    end: int
    first: int
    last: int
    glued: bool = False

    @property
    def surface(self) -> str:
        return self.field.text[self.start : self.end]

    @property
    def zone(self) -> Zone:
        return self.field.zone_at(self.start)


def find_candidates(field: CleanField, names: Mapping[str, tuple[Alias, ...]]) -> Iterator[Candidate]:
    """Every alias whose words stand in a row in this field, overlapping ones too."""
    tokens = field.tokens
    yield from _walk(field, tokens, range(len(tokens)), names)
    seams = seams_in(field.text, tokens)
    for cut in _cuts(seams):
        yield from _walk_glued(field, cut, names)


def _walk(
    field: CleanField, tokens: Tokens, places: Sequence[int], names: Mapping[str, tuple[Alias, ...]]
) -> Iterator[Candidate]:
    words, starts, ends = tokens.words, tokens.starts, tokens.ends
    for at, word in enumerate(words):
        found = names.get(word)
        if found is None:
            continue
        joined, end = word, at
        while found is not None:
            for alias in found:
                yield Candidate(field, alias, starts[at], ends[end], places[at], places[end])
            end += 1
            if end == len(words) or not _is_one_name(field.folded[ends[end - 1] : starts[end]], words[end - 1]):
                break
            joined = f"{joined} {words[end]}"
            found = names.get(joined)


def _is_one_name(gap: str, left: str) -> bool:
    """May these characters, behind the word `left`, stand inside one name?"""
    if gap in _PLAIN_GAPS or _WITHIN_NAME.fullmatch(gap):
        return True
    return len(left) <= LONGEST_INITIAL and _AFTER_INITIAL.fullmatch(gap) is not None


def _cuts(seams: dict[int, list[int]]) -> Iterator[dict[int, list[int]]]:
    """Where glued words may be cut: at every seam ("SamAltman"), at the first ("avecDeepMind"), at the last
    ("ChatGPTThe" has one, "DeepMindIl" two)."""
    if not seams:
        return
    yield seams
    several = {place: offsets for place, offsets in seams.items() if len(offsets) > 1}
    if several:
        yield {place: offsets[:1] for place, offsets in several.items()}
        yield {place: offsets[-1:] for place, offsets in several.items()}


def _walk_glued(
    field: CleanField, cut: dict[int, list[int]], names: Mapping[str, tuple[Alias, ...]]
) -> Iterator[Candidate]:
    """Names that begin or end inside a glued word, or are it ("SamAltman")."""
    whole = field.tokens
    tokens, places = _cut_tokens(field, cut)
    for found in _walk(field, tokens, places, names):
        if found.first not in cut and found.last not in cut:
            continue
        is_whole = found.start == whole.starts[found.first] and found.end == whole.ends[found.last]
        if is_whole or _rest_is_prose(field, found):
            yield Candidate(field, found.alias, found.start, found.end, found.first, found.last, glued=True)


def _cut_tokens(field: CleanField, cut: dict[int, list[int]]) -> tuple[Tokens, list[int]]:
    """The field's words near the cuts, cut; and the places they have among the whole words."""
    near = sorted({place + step for place in cut for step in range(-REACH, REACH + 1)} & set(range(len(field.tokens))))
    spans = [
        (place, start, end)
        for place in near
        for start, end in pairwise([field.tokens.starts[place], *cut.get(place, ()), field.tokens.ends[place]])
    ]
    words = [field.folded[start:end] for _, start, end in spans]
    return Tokens(words, [start for _, start, _ in spans], [end for _, _, end in spans]), [at for at, _, _ in spans]


def _rest_is_prose(field: CleanField, found: Candidate) -> bool:
    """ "maisIl" is prose and a name; "OpenAI" is not the word "Open" and something."""
    before = field.text[field.tokens.starts[found.first] : found.start]
    after = field.folded[found.end : field.tokens.ends[found.last]]
    prose_before = not before or (before.islower() and len(before) >= SHORTEST_GLUED)
    return prose_before and (not after or after in FUNCTION_WORDS)
