"""Which words around a mention does a person read as evidence?"""

import re

from stream.clean import CleanField

QUOTE_LENGTH = 240


def quote_around(field: CleanField, start: int, end: int, limit: int = QUOTE_LENGTH) -> tuple[str, int, int]:
    """At most `limit` characters of clean text around `start:end`, and where the words found stand in them.

    The quote keeps to the mention's paragraph and to whole words; white space is one blank.
    """
    found = " ".join(field.text[start:end].split())[:limit]
    room = limit - len(found)
    left = _tail(_before(field.text, start, room), room // 2)
    right = _head(_behind(field.text, end, room), room - len(left))
    left = _tail(_before(field.text, start, room), room - len(right))
    return left + found + right, len(left), len(left) + len(found)


def _before(text: str, start: int, room: int) -> str:
    raw = text[max(0, start - 2 * room) : start]
    return _blanks_joined(raw[raw.rfind("\n") + 1 :]).lstrip()


def _behind(text: str, end: int, room: int) -> str:
    return _blanks_joined(text[end : end + 2 * room].partition("\n")[0]).rstrip()


def _blanks_joined(text: str) -> str:
    joined = " ".join(text.split())
    return (" " if text[:1].isspace() else "") + joined + (" " if joined and text[-1:].isspace() else "")


def _tail(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[-room:].partition(" ")[2] if room > 0 else ""


def _head(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[:room].rpartition(" ")[0] if room > 0 else ""


_POSSESSIVE = re.compile(r"['’‘ʼ]s?(?!\w)")
_QUOTES = frozenset("'‘’‚‹\"“„«")


def whole_word(field: CleanField, start: int, end: int) -> tuple[int, int]:
    """The span with what is written in one with the name: "@", "#" or "$" before it, the possessive behind it.

    An inflected name is shown with its ending; the English genitive is one too. What French elides ("d’") is another
    word.
    """
    text = field.text
    if start and text[start - 1] in "@#$" and (start == 1 or not text[start - 2].isalnum()):
        start -= 1
    own = _POSSESSIVE.match(text, end)
    if own and (len(own[0]) > 1 or (text[end - 1] in "sS" and (start == 0 or text[start - 1] not in _QUOTES))):
        end = own.end()
    return start, end
