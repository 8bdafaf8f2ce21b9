"""Which words does everybody write in small letters?

A word that stands in a language's list of frequent words is nobody's misspelt name, and needs more than a capital to be
a brand. The list (`words.txt.gz`, one language a line) says in its first line from which free sources it was made.
"""

import gzip
from importlib import resources

from stream.matching.common import COMMON, FUNCTION_WORDS
from stream.text import fold

# What the lists hold of words that are names far more often than anything else.
_NAMES_FIRST = frozenset(
    "facebook google twitter skype yahoo chevron trump fbi cia airbus ebay adidas aldi messi cola coca lego honda".split()  # noqa: SIM905
)


def _read() -> dict[str, frozenset[str]]:
    packed = resources.files(__package__).joinpath("words.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()[1:]
    return {language: frozenset(words.split()) - _NAMES_FIRST for language, _, words in (line.partition(" ") for line in lines)}


BY_LANGUAGE = _read()
# Without German, whose list has every noun in small letters, names of things among them.
KNOWN = frozenset(fold(word) for language, words in BY_LANGUAGE.items() if language != "de" for word in words) | COMMON | FUNCTION_WORDS


def is_word(surface: str, language: str) -> bool:
    """Is this, accents and all, an everyday word of the language? Of a language without a list nothing is known."""
    return surface.lower() in BY_LANGUAGE.get(language, frozenset())


def has_words(language: str) -> bool:
    """Is there a list for this language?"""
    return language in BY_LANGUAGE


# Named after people and companies' founders, and written small.
UNITS = frozenset("siemens tesla teslas newton pascal kelvin hertz joule weber henry coulomb becquerel sievert".split())  # noqa: SIM905
