"""Which words, numbers and names does a text tell, its boilerplate left out?"""

import re
from collections.abc import Iterator

from stream.clean import CleanArticle, CleanField
from stream.matching.common import FUNCTION_WORDS

NUMBERS = NAMES = 40
NAME_LENGTH = 40

_NUMBER = re.compile(r"[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}(?![0-9]))+|[0-9]+(?:[.,\u00a0\u202f’'][0-9]+)*")
_GROUPED = re.compile(r"[ .,\u00a0\u202f’'](?=\d{3}(?!\d))")
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ][\w’'-]*(?:[ \u00a0](?:(?:de|du|von|van|der|bin|al|of|the) )?[A-ZÀ-ÖØ-Þ][\w’'-]*){0,4}")


def story_words(field: CleanField) -> list[str]:
    """The folded words of what the journalist wrote: no boilerplate, no echo of the title."""
    return [word for start, end in _told(field) for word in field.tokens.within(start, end)]


def story_text(field: CleanField) -> str:
    """What the journalist wrote, as it stands: no boilerplate, no echo of the title."""
    return "\n".join(field.text[start:end] for start, end in _told(field))


def numbers_in(article: CleanArticle) -> tuple[str, ...]:
    """The numbers of headline and text in order, each once, without the marks that part thousands."""
    found = (
        _GROUPED.sub("", number[0]).replace(",", ".") for text in _texts(article) for number in _NUMBER.finditer(text)
    )
    return _first_of(found, NUMBERS)


def names_in(article: CleanArticle) -> tuple[str, ...]:
    """Rows of capitalised words in order, each once. The little word that opens a sentence is no name."""
    found = (name[0] for text in _texts(article) for name in _NAME.finditer(text))
    return _first_of((name[:NAME_LENGTH] for name in found if not _is_little(name)), NAMES)


def _is_little(name: str) -> bool:
    return len(name) == 1 or (" " not in name and name.lower() in FUNCTION_WORDS)


def _texts(article: CleanArticle) -> Iterator[str]:
    yield article.headline
    for start, end in _told(article.text):
        yield article.text.text[start:end]


def _told(field: CleanField) -> Iterator[tuple[int, int]]:
    return ((span.start, span.end) for span in field.zones if span.zone in {"lead", "body"})


def _first_of(found: Iterator[str], limit: int) -> tuple[str, ...]:
    first: dict[str, None] = {}
    for one in found:
        first.setdefault(one)
        if len(first) == limit:
            break
    return tuple(first)
