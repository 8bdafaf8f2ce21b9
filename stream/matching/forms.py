"""Under which written forms is a name looked for, and how must each be written?

A form is a row of folded words. Each carries the case that the watchlist writes, because case is the cheapest evidence
there is: "Apple" is not "an apple", and "IT" is not "it".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stream.matching.common import COMMON, FUNCTION_WORDS, LEGAL_FORMS, PARTICLES
from stream.text import fold, tokens_in, words_in
from wire.watchlist import EntityType

Casing = Literal["name", "acronym", "brand", "caseless"]
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
    glued = words_in(fold(alias).replace("'", ""))
    if 0 < len(glued) < len(words):
        yield tuple(glued), tuple(map(str.capitalize, glued))


def _form(kind: EntityType, alias: str, words: tuple[str, ...], written: tuple[str, ...]) -> Form:
    solid = [word for word in words if word not in FUNCTION_WORDS and word not in LEGAL_FORMS]
    return Form(
        alias=alias,
        words=words,
        casing=_casing_of(written),
        common=all(word in COMMON for word in solid) or all(len(word) == 1 for word in words),
        solid=len(solid),
        person=kind == "PER",
        capitals=tuple(word[:1].isupper() for word in written),
    )


def _casing_of(written: tuple[str, ...]) -> Casing:
    letters = "".join(written)
    if not any(letter.isupper() for letter in letters):
        return "caseless"
    if letters.isupper():
        return "acronym"
    inner = any(letter.isupper() for word in written for letter in word[1:]) or any(map(str.isdigit, letters))
    return "brand" if inner else "name"
