"""Is enough of a name as it should be, given how the rest differs?

Each word of the text stands for one of the alias in some way: the same, inflected, misspelt, left as an initial. Which
of these together still name the entity is decided here.
"""

import re

from rapidfuzz.distance import OSA

from stream.clean import UNKNOWN
from stream.matching.common import COMMON, COMMON_SURNAMES, FIRST_NAMES, FUNCTION_WORDS, SURNAMES, TITLES
from stream.matching.forms import Form, person_pair
from stream.matching.lexicon import is_word, looks_misspelt
from stream.matching.readings import Reading
from stream.matching.variants import NICKNAMES

SHORTEST = 3  # letters of a word that can be told by its beginning
MOST_CHANGED = 2
UNDECLINED = frozenset({"en", "fr", "es", "it", "pt", "nl", "de", "da", "sv", "no", "nb", "ca"})
_SENTENCE_END = re.compile(r"^$|[.!?…:\n\"“”«»']\s*$")
_LETTER_WORDS = frozenset("aeoy")  # "A White House spokesman"
_CHANGED = frozenset({"typo", "typo2", "sound"})
SHORTEST_BOTH = 6  # letters of a surname spelt by its sound beside a first name that is another language's
SHORTEST_CHANGED_BOTH = 9  # letters in all, of a name of which two words are misspelt


def is_credible(kinds: tuple[str, ...], form: Form, reading: Reading, at: int) -> bool:  # noqa: PLR0911  # one a rule
    """Is enough of the name as it should be, given how it differs?"""
    if all(kind in {"exact", "inserted"} for kind in kinds) and not (form.person and "inserted" in kinds):
        return True
    solid = [kind for kind in kinds if kind not in {"inserted", "turned"}]
    changed = [kind for kind in solid if kind in _CHANGED]
    if len(changed) > 1 and (
        "typo2" in changed or sum(map(len, form.words)) < SHORTEST_CHANGED_BOTH or len(changed) > MOST_CHANGED
    ):
        return False
    if changed and "inserted" in kinds and not _only_initials(kinds, reading, at):
        return False
    if "initial" in kinds and (
        changed
        or ("inserted" in kinds and not _only_initials(kinds, reading, at))
        or "turned" in kinds
        or not _is_initial(reading, at)
    ):
        return False
    if "turned" in kinds and changed:
        return False
    if (
        "nickname" in kinds
        and changed
        and (changed not in (["sound"], ["typo"]) or "inserted" in kinds or len(form.words[-1]) < SHORTEST_BOTH)
    ):
        return False
    if form.person and not set(kinds) <= {"exact", "inflected", "turned"} and not _is_telling(kinds, form, reading, at):
        return False
    return _has_no_known_word(kinds, form, reading, at)


def undeclined(kinds: tuple[str, ...], form: Form, reading: Reading, at: int) -> tuple[str, ...]:
    """Where names are not declined, only an ending behind the last word counts, other changes are typos: "Maria" is
    not Mario."""
    last = max(step for step, kind in enumerate(kinds) if kind != "turned")
    return tuple(
        _typo(reading.words[at + step], form)
        if kind == "inflected" and not _is_ended(step == last, at + step, form, reading)
        else kind
        for step, kind in enumerate(kinds)
    )


def _is_ended(is_last: bool, at: int, form: Form, reading: Reading) -> bool:
    if reading.language == "de" and not form.person:
        return True
    word = reading.words[at]
    return is_last and any(word.startswith(one) for one in form.words if len(one) >= SHORTEST)


def _typo(word: str, form: Form) -> str:
    return "typo" if any(OSA.distance(word, one, score_cutoff=1) <= 1 for one in form.words) else "typo2"


def _is_telling(kinds: tuple[str, ...], form: Form, reading: Reading, at: int) -> bool:
    """Is the part that is as it should be rare enough to carry the part that is not?"""
    _, last = person_pair(form.words)
    if "inserted" in kinds and kinds.count("exact") + kinds.count("inserted") == len(kinds):
        return form.words[last] not in COMMON_SURNAMES or _only_initials(kinds, reading, at)
    if kinds[-1] == "exact" or kinds[-1] == "inflected":
        return form.words[last] not in COMMON_SURNAMES
    if "typo2" in kinds:
        written = reading.words[at + len(kinds) - 1]
        return kinds[-1] != "typo2" or looks_misspelt(written, form.words[last])
    return True


def _only_initials(kinds: tuple[str, ...], reading: Reading, at: int) -> bool:
    return all(len(reading.words[at + step]) == 1 for step, kind in enumerate(kinds) if kind == "inserted")


def _is_initial(reading: Reading, at: int) -> bool:
    """ "M. Trump" is Mr Trump; the W in "George W. Bush" is no first name."""
    if not reading.is_capital(at) or (reading.words[at] == "m" and reading.language in {"fr", UNKNOWN}):
        return False
    after = reading.field.text[reading.ends[at] : reading.ends[at] + 1]
    if (
        reading.words[at] in _LETTER_WORDS
        and after != "."
        and _SENTENCE_END.search(reading.field.text[max(0, reading.starts[at] - 6) : reading.starts[at]])
    ):
        return False
    if at == 0 or not reading.words[at - 1]:
        return True
    gap = reading.field.folded[reading.ends[at - 1] : reading.starts[at]]
    before = reading.words[at - 1]
    if gap.strip() not in {"", "-", ".", "'"} or "\n" in gap:
        return True
    if len(before) == 1 and reading.is_capital(at - 1):
        return False
    return (
        not reading.is_capital(at - 1)
        or before in TITLES
        or before in FUNCTION_WORDS
        or (len(before) >= SHORTEST and "." in gap)
    )


def _has_no_known_word(kinds: tuple[str, ...], form: Form, reading: Reading, at: int) -> bool:
    """A word that everybody knows, or another first name, is nobody's misspelt name; what is changed needs capitals."""
    if "initial" in kinds and not _is_upper(reading, at + len(kinds) - 1):
        return False
    for step, kind in enumerate(kinds):
        if kind in {"exact", "inserted", "turned", "initial"}:
            continue
        word = reading.words[at + step]
        if kind in _CHANGED and (
            _is_known(reading, at + step)
            or ((word in NICKNAMES or word in FIRST_NAMES) and (kind != "sound" or at_first_name(form, word)))
            or word in SURNAMES
        ):
            return False
        if kind in _CHANGED and not _is_upper(reading, at + step):
            return False
    return True


def at_first_name(form: Form, word: str) -> bool:
    """Is the name's own first name another well known one ("Julia" is not Julie)?"""
    first = form.words[person_pair(form.words)[0]]
    return first != word and first in FIRST_NAMES and word in FIRST_NAMES


def _is_known(reading: Reading, at: int) -> bool:
    surface = reading.field.text[reading.starts[at] : reading.ends[at]]
    return is_word(surface, reading.language) or is_word(surface, "en") or reading.words[at] in COMMON


def _is_upper(reading: Reading, at: int) -> bool:
    return not reading.field.text[reading.starts[at]].islower()
