"""In which ways can the words of a field be parted?

As they stand; and, near a place where a writer or a machine glued or broke words ("maisIl", "SamAltman", "Gazp rom",
"Tele-\\nfónica"), once more in the other way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import add

from stream.clean import CleanField
from stream.matching.common import FUNCTION_WORDS, PARTICLES
from stream.matching.lexicon import KNOWN
from stream.text import seams_in

REACH = 4  # words around a changed one that may belong to the same name
SHORTEST_GLUED = 3  # "i" in "iPhone" and "e" in "eBay" are no glued words
BREAKS = frozenset({"- ", "-\n", "\n", " ", "-", "- \n", "--\n", "--"})
SHORTEST_JOINED = 5
LONGEST_TAG = 40


@dataclass(frozen=True, slots=True)
class Reading:
    """Words in a row, each with its place among the field's tokens. An empty word parts two rows."""

    field: CleanField
    language: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    places: list[int]
    changed: frozenset[int] = frozenset()  # the words that are read differently here

    def is_capital(self, at: int) -> bool:
        return self.words[at] != "" and self.field.text[self.starts[at]].isupper()


def plain(field: CleanField, language: str) -> Reading:
    """The words as they stand."""
    tokens = field.tokens
    return Reading(field, language, tokens.words, tokens.starts, tokens.ends, list(range(len(tokens))))


def respelled(field: CleanField, language: str, known: Mapping[str, object]) -> Reading | None:
    """The neighbourhoods of glued and broken words, with these words parted or joined."""
    rows = [*_parted(field), *_joined(field, known), *_tagged(field, known)]
    if not rows:
        return None
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    places: list[int] = []
    changed: set[int] = set()
    for row in rows:
        for start, end, place, new, word in row:
            if new:
                changed.add(len(words))
            words.append(word)
            starts.append(start)
            ends.append(end)
            places.append(place)
        words.append("")
        starts.append(0)
        ends.append(0)
        places.append(-1)
    return Reading(field, language, words, starts, ends, places, frozenset(changed))


_Cell = tuple[int, int, int, bool, str]  # start, end, place, changed, word


def _around(field: CleanField, place: int, cells: list[_Cell], span: int = 1) -> list[_Cell]:
    tokens = field.tokens
    before = [_cell(field, at) for at in range(max(0, place - REACH), place)]
    after = [_cell(field, at) for at in range(place + span, min(len(tokens), place + span + REACH))]
    return before + cells + after


def _cell(field: CleanField, at: int) -> _Cell:
    tokens = field.tokens
    return tokens.starts[at], tokens.ends[at], at, False, tokens.words[at]


def _parted(field: CleanField) -> Iterator[list[_Cell]]:
    """Words with a capital inside, cut at every one, at the first, at the last."""
    tokens = field.tokens
    for place, seams in seams_in(field.text, tokens).items():
        for cuts in {tuple(seams), (seams[0],), (seams[-1],)}:
            edges = [tokens.starts[place], *cuts, tokens.ends[place]]
            cells = [(start, end, place, True, field.folded[start:end]) for start, end in pairwise(edges)]
            yield _around(field, place, cells)


def _joined(field: CleanField, known: Mapping[str, object]) -> Iterator[list[_Cell]]:
    """Two words that together are a watched one, of which one alone is no word."""
    tokens, folded = field.tokens, field.folded
    words, starts, ends = tokens.words, tokens.starts, tokens.ends
    watched = [(at, joined) for at, joined in enumerate(map(add, words, words[1:])) if joined in known]
    for at, joined in watched:
        if len(joined) < SHORTEST_JOINED:
            continue
        gap = folded[ends[at] : starts[at + 1]]
        if gap not in BREAKS or not field.text[starts[at]].isupper():
            continue
        if gap in {" ", "\n"} and _are_words(field, at):
            continue
        yield _around(field, at, [(starts[at], ends[at + 1], at, True, joined)], 2)


def _are_words(field: CleanField, at: int) -> bool:
    """ "In front" is no "Infront", "Casa Blanca" no "Casablanca"; "Micro soft" is Microsoft."""
    words = field.tokens.words[at : at + 2]
    if not FUNCTION_WORDS.isdisjoint(words) or "".join(words) in KNOWN:
        return True
    second = field.text[field.tokens.starts[at + 1]]
    return all(word in KNOWN for word in words) and second.isupper()


def _tagged(field: CleanField, known: Mapping[str, object]) -> Iterator[list[_Cell]]:
    """ "#samaltman": a tag or a handle of two watched words."""
    tokens, text = field.tokens, field.text
    if "#" not in text and "@" not in text:
        return
    for place, start in enumerate(tokens.starts):
        if start and text[start - 1] in "#@":
            word = tokens.words[place]
            cuts = _segments(word, known)
            if len(cuts) > 1:
                edges = [start, *(start + cut for cut in cuts)]
                yield [
                    (left, right, place, True, word[left - start : right - start]) for left, right in pairwise(edges)
                ]


def _segments(word: str, known: Mapping[str, object]) -> list[int]:
    """Where the watched words end of which this one is made; none when it is not made of such."""
    best: list[list[int] | None] = [None] * (len(word) + 1)
    best[0] = []
    for end in range(2, min(len(word), LONGEST_TAG) + 1):
        for start in range(end - 1):
            before = best[start]
            part = word[start:end]
            if (
                before is not None
                and (part in known or part in FUNCTION_WORDS or part in PARTICLES)
                and (best[end] is None or len(before) + 1 < len(best[end] or ()))
            ):
                best[end] = [*before, end]
    return best[len(word)] or [] if len(word) <= LONGEST_TAG else []


def rest_is_prose(field: CleanField, first: int, last: int, start: int, end: int) -> bool:
    """ "maisIl" is prose and a name; "OpenAI" is not the word "Open" and something."""
    before = field.text[field.tokens.starts[first] : start]
    after = field.folded[end : field.tokens.ends[last]]
    prose_before = not before or (before.islower() and len(before) >= SHORTEST_GLUED)
    return prose_before and (not after or after in FUNCTION_WORDS)
