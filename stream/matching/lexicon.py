"""Which words does everybody write in small letters?

A word that stands in a language's list of frequent words is nobody's misspelt name, and needs more than a capital to be
a brand. The list (`words.txt.gz`, one language a line) says in its first line from which free sources it was made.
"""

import gzip
from collections import Counter
from functools import cache
from importlib import resources

from stream.matching.common import COMMON, FUNCTION_WORDS
from stream.text import fold

USUAL = 25  # of some 120,000 words

# What the lists hold of words that are names far more often than anything else.
_NAMES_FIRST = frozenset(
    "facebook google twitter skype yahoo chevron trump fbi cia airbus ebay adidas aldi messi cola coca lego "
    "honda".split()
)


_NAMES_FIRST_IN = {"de": frozenset("apple amazon target gap oracle shell visa fox meta alphabet".split())}


def _read() -> dict[str, frozenset[str]]:
    packed = resources.files(__package__).joinpath("words.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()[1:]
    return {
        language: frozenset(words.split()) - _NAMES_FIRST - _NAMES_FIRST_IN.get(language, frozenset())
        for language, _, words in (line.partition(" ") for line in lines)
    }


BY_LANGUAGE = _read()
# Without German, whose list has every noun in small letters, names of things among them.
KNOWN = (
    frozenset(fold(word) for language, words in BY_LANGUAGE.items() if language != "de" for word in words)
    | COMMON
    | FUNCTION_WORDS
)


def is_word(surface: str, language: str) -> bool:
    """Is this, accents and all, an everyday word of the language? Of a language without a list nothing is known."""
    return surface.lower() in BY_LANGUAGE.get(language, frozenset())


@cache
def _usual() -> frozenset[str]:
    """Rows of three letters that several everyday words have."""
    counts = Counter(row for words in BY_LANGUAGE.values() for word in words for row in _rows(fold(word)))
    return frozenset(row for row, count in counts.items() if count >= USUAL)


def _rows(word: str) -> set[str]:
    framed = f" {word} "
    return {framed[at : at + 3] for at in range(len(framed) - 2)}


def looks_misspelt(word: str, name: str) -> bool:
    """Has the word a row of letters that hardly any word has, and that the name has not either?"""
    return not (_rows(word) - _rows(name)) <= _usual()


def has_words(language: str) -> bool:
    """Is there a list for this language?"""
    return language in BY_LANGUAGE


# Named after people and companies' founders, and written small.
UNITS = frozenset("siemens tesla teslas newton pascal kelvin hertz joule weber henry coulomb becquerel sievert".split())
