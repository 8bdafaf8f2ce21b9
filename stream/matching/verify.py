"""Do the words around a suspicion really spell the name?

The words of the alias are laid beside the words of the text, one by one; each must be there, the same or in a known way
different. Middle names may come and go; first and last name, and every telling word of a company, may not.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from stream.clean import CleanField
from stream.matching.common import FUNCTION_WORDS, PARTICLES, TITLES
from stream.matching.credible import UNDECLINED, is_credible, undeclined
from stream.matching.forms import Form, person_pair, solid_form
from stream.matching.layer import Alias, Layer
from stream.matching.readings import Reading
from stream.matching.vocabulary import relation
from wire.messages import Zone

# What may stand between two words of one name: blanks, one hyphen, apostrophe, "&" or the dot of an initial.
_WITHIN_NAME = re.compile(r"[^\S\n]{0,3}(?:\n[^\S\n]{0,3})?(?:['&+·]|-[^\S\n]?\n?)?[^\S\n]{0,3}")
_AFTER_INITIAL = re.compile(r"\.-?[^\S\n]{0,2}")
_TURNED = re.compile(r",?[^\S\n]{1,2}")
_PLAIN_GAPS = frozenset(
    ("", " ", "-", "'", "_", ".")
)  # "." and "_" alone: "Sam.Altman" is an address, "Sam. Altman" are two sentences
LONGEST_INITIAL = 3  # "J.", "St.", "Dr."; after a longer word a full stop ends the sentence
INSERTED = 2  # middle names
PAIR = 2
SHORTEST = 3  # letters of a word that has variants


class Hit(NamedTuple):
    """A suspicion: the words at `left` and `right` may be the two under which a name is filed (or the one, `word`)."""

    left: int
    right: int
    name: int
    left_kind: str
    right_kind: str
    word: str


class Candidate(NamedTuple):
    """An alias whose words stand in a row. `first` and `last` are places among the field's tokens.

    `kinds` says of each word of the text how it stands for the alias's. `at` and `until` are places in the reading.
    """

    field: CleanField
    alias: Alias
    start: int
    end: int
    first: int
    last: int
    at: int
    until: int
    kinds: tuple[str, ...]
    glued: bool = False

    @property
    def surface(self) -> str:
        return self.field.text[self.start : self.end]

    @property
    def zone(self) -> Zone:
        return self.field.zone_at(self.start)

    @property
    def is_exact(self) -> bool:
        return all(kind == "exact" for kind in self.kinds)


class _Laid(NamedTuple):
    first: int
    last: int
    kinds: tuple[str, ...]


def verify(hit: Hit, reading: Reading, layer: Layer) -> Candidate | None:
    """The longest form of the suspected name that the words spell, None when they spell none."""
    best: Candidate | None = None
    for alias in layer.aliases(hit.name):
        if alias.entry in layer.gone:
            return None
        laid = _lay(hit, reading, alias.form)
        if laid is not None:
            found = _candidate(reading, alias, laid)
            if best is None or _rank(found) > _rank(best):
                best = found
    if best is None and hit.word and hit.left_kind == "exact":
        alias = layer.aliases(hit.name)[0]
        solid = Alias(alias.entry, solid_form(alias.form, hit.word))
        return (
            _candidate(reading, solid, _Laid(hit.left, hit.left, (hit.left_kind,)))
            if _is_solid(solid.form, hit.word)
            else None
        )
    return best


def _rank(found: Candidate) -> tuple[bool, int]:
    return found.is_exact, found.end - found.start


def _is_solid(form: Form, word: str) -> bool:
    return len(form.words) == 1 and form.words[0] == word


def _candidate(reading: Reading, alias: Alias, laid: _Laid) -> Candidate:
    return Candidate(
        reading.field,
        alias,
        reading.starts[laid.first],
        reading.ends[laid.last],
        reading.places[laid.first],
        reading.places[laid.last],
        laid.first,
        laid.last,
        laid.kinds,
    )


def _lay(hit: Hit, reading: Reading, form: Form) -> _Laid | None:
    words = form.words
    if hit.word:
        return _Laid(hit.left, hit.left, (hit.left_kind,)) if words == (hit.word,) else None
    if len(words) < PAIR:
        return None
    laid = _lay_person(hit, reading, form) if form.person else _lay_row(hit, reading, form)
    if laid is None:
        return None
    if "inflected" in laid.kinds and reading.language in UNDECLINED:
        laid = laid._replace(kinds=undeclined(laid.kinds, form, reading, laid.first))
    return laid if is_credible(laid.kinds, form, reading, laid.first) else None


def _lay_person(hit: Hit, reading: Reading, form: Form) -> _Laid | None:
    first, last = person_pair(form.words)
    if hit.left > hit.right:
        return _lay_turned(hit, reading)
    middle = form.words[first + 1 : last]
    between = range(hit.left + 1, hit.right)
    if len(between) - len(middle) > INSERTED or not _run_on(reading, hit.left, hit.right):
        return None
    if not all(_may_be_inserted(reading, at, middle) for at in between):
        return None
    if not _has_middle(middle, [reading.words[at] for at in between]):
        return None
    left_kind = _first_kind(hit.left_kind, reading.words[hit.left], form.words[first])
    kinds = (left_kind, *(_middle_kind(reading.words[at], middle) for at in between), hit.right_kind)
    start, end = hit.left, hit.right
    while first > 0 and start > 0 and reading.words[start - 1] == form.words[first - 1]:
        first, start, kinds = first - 1, start - 1, ("exact", *kinds)
    while (
        last + 1 < len(form.words) and end + 1 < len(reading.words) and reading.words[end + 1] == form.words[last + 1]
    ):
        last, end, kinds = last + 1, end + 1, (*kinds, "exact")
    return _Laid(start, end, kinds)


def _middle_kind(word: str, middle: Sequence[str]) -> str:
    if word in middle or (word in PARTICLES and not PARTICLES.isdisjoint(middle)):
        return "exact"
    return next((kind for one in middle if (kind := relation(word, one))), "inserted")


def _first_kind(kind: str, written: str, wanted: str) -> str:
    return "initial" if kind == "exact" and len(written) == 1 and len(wanted) > 1 else kind


def _has_middle(middle: Sequence[str], between: list[str]) -> bool:
    """Initials may be left out, the names and particles that an alias has between first and last name may not."""
    initials = {word for word in between if len(word) == 1}
    return all(
        len(word) == 1
        or word in between
        or word[0] in initials
        or any(relation(one, word) or _is_article(one, word) for one in between)
        for word in middle
    )


def _is_article(one: str, word: str) -> bool:
    """The Arabic article and the like are written in several ways ("el-Assad", "ben Laden")."""
    return one in PARTICLES and word in PARTICLES


def _may_be_inserted(reading: Reading, at: int, middle: Sequence[str]) -> bool:
    word = reading.words[at]
    if word in middle or word in PARTICLES or (len(word) == 1 and reading.is_capital(at)):
        return True
    if any(relation(word, one) for one in middle):
        return True
    return reading.is_capital(at) and word not in FUNCTION_WORDS and word not in TITLES


def _lay_turned(hit: Hit, reading: Reading) -> _Laid | None:
    """ "Altman, Sam", "Altman Sam"."""
    if hit.left - hit.right != 1 or not (reading.is_capital(hit.left) and reading.is_capital(hit.right)):
        return None
    if 1 in {len(reading.words[hit.left]), len(reading.words[hit.right])}:
        return None
    gap = reading.field.folded[reading.ends[hit.right] : reading.starts[hit.left]]
    return _Laid(hit.right, hit.left, (hit.right_kind, hit.left_kind, "turned")) if _TURNED.fullmatch(gap) else None


def _lay_row(hit: Hit, reading: Reading, form: Form) -> _Laid | None:
    """Every telling word of the name, in order, from the pair outwards."""
    for place, word in enumerate(form.words):
        kind = _kind(reading.words[hit.left], word, hit.left_kind)
        if kind is None:
            continue
        laid = _lay_from(hit.left, place, reading, form, kind)
        if laid is not None and laid.first <= min(hit.left, hit.right) and laid.last >= max(hit.left, hit.right):
            return laid
    return None


def _lay_from(at: int, place: int, reading: Reading, form: Form, kind: str) -> _Laid | None:
    wanted = list(zip(form.words, form.optional, strict=True))
    after = _walk(at, wanted[place + 1 :], reading, 1)
    before = _walk(at, wanted[:place][::-1], reading, -1)
    if after is None or before is None:
        return None
    return _Laid(before[0], after[0], (*reversed(before[1]), kind, *after[1]))


def _walk(at: int, wanted: Sequence[tuple[str, bool]], reading: Reading, step: int) -> tuple[int, list[str]] | None:
    """The last place and the kinds when these words follow one another from here on; optional ones may be missing."""
    kinds: list[str] = []
    for word, optional in wanted:
        following = at + step
        kind = None
        if 0 <= following < len(reading.words) and _run_on(reading, min(at, following), max(at, following)):
            kind = _kind(reading.words[following], word, None)
        if kind is not None:
            at = following
            kinds.append(kind)
        elif not optional:
            return None
    return at, kinds


@lru_cache(maxsize=1 << 15)
def _kind(written: str, wanted: str, known: str | None) -> str | None:
    if written == wanted:
        return "exact"
    if not written:
        return None
    if known in {"sound", "typo", "typo2", "attached", "inflected"}:
        return known if relation(written, wanted) or known in {"attached", "typo2", "sound"} else None
    if len(wanted) < SHORTEST or len(written) < SHORTEST:
        return None
    return relation(written, wanted)


def _run_on(reading: Reading, first: int, last: int) -> bool:
    """May all these words stand in one name?"""
    folded, starts, ends, words = reading.field.folded, reading.starts, reading.ends, reading.words
    for at in range(first, last):
        if not words[at] or not words[at + 1] or not is_one_name(folded[ends[at] : starts[at + 1]], words[at]):
            return False
    return True


def is_one_name(gap: str, left: str) -> bool:
    """May these characters, behind the word `left`, stand inside one name?"""
    if gap in _PLAIN_GAPS or _WITHIN_NAME.fullmatch(gap):
        return True
    return len(left) <= LONGEST_INITIAL and _AFTER_INITIAL.fullmatch(gap) is not None
