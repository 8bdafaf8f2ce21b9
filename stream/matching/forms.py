"""Under which written forms is a name looked for, and how must each be written?

A form is a row of folded words. Each carries the case that the watchlist writes, because case is the cheapest evidence
there is: "Apple" is not "an apple", and "IT" is not "it".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from stream.matching.common import COMMON, FUNCTION_WORDS, LEGAL_FORMS, PARTICLES, TITLES
from stream.matching.lexicon import KNOWN
from stream.text import WORD, fold, tokens_in, words_in
from wire.watchlist import EntityType

Casing = Literal["name", "acronym", "brand", "caseless"]
Key = str | tuple[str, str]
LONGEST_NAME = 24  # words; a longer alias is a sentence and is cut to nothing


@dataclass(frozen=True, slots=True)
class Form:
    """How one alias is written. `solid` counts the words that say something (no "the", no "Inc")."""

    alias: str
    words: tuple[str, ...]
    casing: Casing
    common: bool
    solid: int
    person: bool
    capitals: tuple[bool, ...]
    optional: tuple[bool, ...]  # words that a writer may leave out: articles, particles, the legal form


def forms_of(kind: EntityType, aliases: Iterable[str]) -> tuple[Form, ...]:
    """Every form of these aliases, each once: as written, without a legal form at its end, without its apostrophes."""
    forms: dict[tuple[str, ...], Form] = {}
    for alias in aliases:
        for spelled in _spelled(alias):
            for words, written in _variants(spelled):
                forms.setdefault(words, _form(kind, alias, words, written))
    return tuple(forms.values())


def surname_of(form: Form) -> tuple[str, ...]:
    """The words by which a person is named after the full name stood in the text ("von der Leyen", "Altman")."""
    words = form.words
    if not form.person or len(words) < 2:  # noqa: PLR2004  # one word is no full name
        return ()
    end = len(words) - 1 if words[-1] in {"jr", "sr", "ii", "iii", "iv"} and len(words) > 2 else len(words)  # noqa: PLR2004
    start = end - 1
    while start > 1 and words[start - 1] in PARTICLES:
        start -= 1
    return words[start:end] if len(words[end - 1]) > 1 else ()


def _spelled(alias: str) -> Iterable[str]:
    """ "Johnson & Johnson" is also written with the word."""
    yield alias
    if " & " in alias:
        yield from (alias.replace(" & ", f" {word} ") for word in ("and", "et", "und", "y"))


def _variants(alias: str) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Folded words beside the words as written."""
    tokens = tokens_in(fold(alias))
    words = tuple(tokens.words)
    written = tuple(alias[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True))
    if not words or len(words) > LONGEST_NAME:
        return
    yield words, written
    size = len(words)
    while size > 1 and words[size - 1] in LEGAL_FORMS:
        size -= 1
        yield words[:size], written[:size]
    for mark in "'-":
        glued = words_in(fold(alias).replace(mark, ""))
        if 0 < len(glued) < len(words):
            yield tuple(glued), tuple(map(str.capitalize, glued))


def _form(kind: EntityType, alias: str, words: tuple[str, ...], written: tuple[str, ...]) -> Form:
    solid = [word for word in words if word not in FUNCTION_WORDS and word not in LEGAL_FORMS]
    casing = _casing_of(written)
    return Form(
        alias=alias,
        words=words,
        casing=casing,
        common=_is_common(solid, casing) or all(len(word) == 1 for word in words),
        solid=len(solid),
        person=kind == "PER",
        capitals=tuple(word[:1].isupper() for word in written),
        optional=tuple(_is_optional(place, word, written[place], len(words)) for place, word in enumerate(words)),
    )


def _is_common(solid: list[str], casing: Casing) -> bool:
    if len(solid) == 1 and casing == "name":
        return solid[0] in KNOWN
    return all(word in COMMON for word in solid)


def _is_optional(place: int, word: str, written: str, size: int) -> bool:
    if word in LEGAL_FORMS and 0 < place == size - 1:
        return True
    return word in FUNCTION_WORDS and (written.islower() or (place == 0 and written.istitle()))


def _casing_of(written: tuple[str, ...]) -> Casing:
    letters = "".join(written)
    if not any(letter.isupper() for letter in letters):
        return "caseless"
    if letters.isupper():
        return "acronym"
    inner = any(letter.isupper() for word in written for letter in word[1:]) or any(map(str.isdigit, letters))
    return "brand" if inner else "name"


_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
_NATIVE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
REACH = 3  # words that may part the two words of a pair
LONGEST_SOLID = 3  # words; "Exxon Mobil" is also written "ExxonMobil"


def is_native(word: str) -> bool:
    """Is this written in a script that puts no blanks between words?"""
    return _NATIVE.match(word) is not None


def keys_of(kind: EntityType, alias: str) -> list[Key]:
    """Under which words one alias is filed: a pair of its own, or one word. An alias without a word has none."""
    folded = fold(alias)
    words = WORD.findall(folded)
    if not words or len(words) > LONGEST_NAME:
        return []
    keys = _person_keys(words) if kind == "PER" else _other_keys(words)
    for mark in "'-":
        if mark in folded:
            glued = WORD.findall(folded.replace(mark, ""))
            keys += _person_keys(glued) if kind == "PER" else _other_keys(glued)
    return keys


def _person_keys(words: list[str]) -> list[Key]:
    first, last = person_pair(words)
    if first == last:
        return [words[first]]
    keys: list[Key] = [(words[first], words[last])]
    if len(words[first]) > 1:
        keys.append((words[first][0], words[last]))
    return keys


def person_pair(words: Sequence[str]) -> tuple[int, int]:
    """The places of a person's first and last name."""
    if len(words) == 2:  # noqa: PLR2004  # the usual case, a million times
        return 0, 1
    last = len(words) - 1
    while last > 1 and words[last] in _GENERATIONS:
        last -= 1
    first = 0
    while first < last - 1 and words[first] in TITLES:
        first += 1
    solid = next((at for at in range(first, last) if len(words[at]) > 1), first)
    return (solid if solid < last else first), last


def _other_keys(words: list[str]) -> list[Key]:
    size = len(words)
    while size > 1 and words[size - 1] in LEGAL_FORMS:
        size -= 1
    if size > 1 and words[0] == "the":
        words, size = words[1:], size - 1
    if size == 1:
        return [words[0]]
    keys: list[Key] = [_rarest_pair(words[:size])]
    if size <= LONGEST_SOLID:
        keys.append("".join(words[:size]))
    return keys


def _rarest_pair(words: list[str]) -> tuple[str, str]:
    weights = [_weight(word) for word in words[:10]]
    _, left, right = max(
        (weights[left] + weights[right], -left, -right)
        for left in range(len(weights))
        for right in range(left + 1, min(len(weights), left + REACH + 1))
    )
    return words[-left], words[-right]


def _weight(word: str) -> float:
    if word in FUNCTION_WORDS or word in LEGAL_FORMS:
        return 0
    return (1 if word in KNOWN else 2) + len(word) / 100


def solid_form(form: Form, word: str) -> Form:
    """The form of a name whose words are written as one ("ExxonMobil" for "Exxon Mobil")."""
    if "".join(form.words) != word:
        return form
    return replace(
        form,
        words=(word,),
        capitals=(True,),
        optional=(False,),
        casing="brand" if form.casing == "name" else form.casing,
        common=False,
        solid=1,
    )
