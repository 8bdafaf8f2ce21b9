"""What speaks for a candidate, and what against it?

Case is the evidence: a word that is also a common noun needs a capital that its place in the sentence does not explain.
What is neither clear nor refuted is `weak`: it counts only when the same entity is named clearly elsewhere in the text.
"""

import re
from typing import Literal, NamedTuple

from stream.matching.common import (
    COMMON,
    COMPASS,
    FIRST_NAMES,
    FORMS_OF_ADDRESS,
    FUNCTION_WORDS,
    LEGAL_FORMS,
    NAMESAKES,
    TITLES,
)
from stream.matching.forms import Form
from stream.matching.lexicon import KNOWN, UNITS, has_words, is_word, looks_misspelt
from stream.matching.variants import FOREIGN, NICKNAMES, is_ending
from stream.matching.verify import Candidate
from stream.text import Token

Strength = Literal["sure", "weak", "refused"]

# Scores rank what was seen: as written, then spacing, then case or accents, then what other evidence had to carry.
AS_WRITTEN, RESPACED, FOLDED, CAPITAL_ONLY, SMALL, GLUED, SUPPORTED = 0.99, 0.97, 0.95, 0.93, 0.9, 0.9, 0.85
SMALL_SINGLE = 0.8
SOMEBODY = "a person of that name"
LONGEST_ACRONYM = 5  # letters; a longer one ("NVIDIA") is also written as a name
SHOUTED_SHARE, TITLED_SHARE, TITLED_WORDS = 0.7, 0.75, 4

_ARTICLES = {"en": ("the",), "fr": ("la", "le", "les"), "es": ("el", "la", "los", "las"), "it": ("il", "la", "lo")}
_TOWN = re.compile(
    r"\b(?:city|town|village|port|province|ville|commune|province|stadt|ciudad|provincia|citta) (?:of |de |d'|di )?$"
)

_SENTENCE_START = re.compile(r"(?:^|[.!?…:;•|–—\n\"“„«»‘(\[]|\s-)[\s\"'“„«»‘’(\[]*$")


class Verdict(NamedTuple):
    """How sure, how high, and why in a phrase."""

    strength: Strength
    score: float
    why: str
    clear: bool = False  # a legal form or the like leaves no doubt


def judge(found: Candidate, language: str) -> Verdict:
    """The verdict on one candidate, from its own words and its neighbours."""
    form = found.alias.form
    if not found.is_exact:
        return _judge_changed(found, form, language)
    if form.person and _is_part_of_longer_name(found):
        return Verdict("refused", 0, "part of a longer name")
    if form.person and _is_namesake(found):
        return Verdict("refused", 0, "a house or place that bears the name")
    if not form.person and form.solid <= 1 and _is_somebody(found):
        return Verdict("refused", 0, SOMEBODY)
    if not form.person and form.solid <= 1 and _is_place(found):
        return Verdict("refused", 0, "a place of that name")
    return _judge_words(found, form, language)


def _judge_words(found: Candidate, form: Form, language: str) -> Verdict:
    if form.casing == "acronym" and _letters(form) <= LONGEST_ACRONYM:
        return _judge_acronym(found, form)
    if form.common:
        return _judge_common(found, form, language)
    if form.solid <= 1:
        return _judge_single(found, form, language)
    if (
        found.surface.islower()
        and form.casing == "name"
        and not form.person
        and all(word in KNOWN for word in form.words)
    ):
        return Verdict("refused", 0, "common words")
    return _accepted(found)


# What each way of differing leaves of the score; the way that costs most decides.
CHANGED = {
    "inserted": (0.95, "with a middle name"),
    "turned": (0.94, "last name first"),
    "attached": (0.95, "with its particle"),
    "inflected": (0.93, "inflected"),
    "initial": (0.9, "first name as an initial"),
    "nickname": (0.88, "by a short or familiar first name"),
    "sound": (0.86, "spelt by its sound"),
    "typo": (0.84, "one letter off"),
    "typo2": (0.74, "two letters off"),
}
SECOND_CHANGE = 0.08  # off the score for each further changed word
LONG_WORD = 8
LONGEST_FIRST_NAMES = 3  # words
LITTLE = 3  # letters; "the", "and", "for" stay small in a headline
SHORTEST_SINGLE = {"inflected": 4, "attached": 2, "sound": 5, "typo": 6}


def _judge_changed(found: Candidate, form: Form, language: str) -> Verdict:
    kinds = [kind for kind in found.kinds if kind != "exact"]
    if form.person and _is_part_of_longer_name(found):
        return Verdict("refused", 0, "part of a longer name")
    if len(form.words) == 1:
        refusal = _refusal_of_single(found, form, kinds[0], language)
        if refusal:
            return Verdict("refused", 0, refusal)
    if not form.person and form.common and not any(map(str.isupper, found.surface)):
        return Verdict("refused", 0, "common words")
    cost = [CHANGED[kind] for kind in kinds]
    score, how = min(cost)
    lost = SECOND_CHANGE * (sum(kind in {"typo", "sound"} for kind in kinds) - 1)
    return Verdict("sure", round(score - max(0, lost), 3), f"“{found.surface}” for “{form.alias}” ({how})")


def _refusal_of_single(found: Candidate, form: Form, kind: str, language: str) -> str:  # noqa: C901, PLR0911  # one a rule
    """Why one changed word is not enough; empty when it is."""
    word = found.field.folded[found.start : found.end]
    if len(form.words[0]) < SHORTEST_SINGLE.get(kind, 99):
        return "too short a word to be misspelt"
    if (
        form.casing == "acronym"
        or (form.casing == "caseless" and kind != "attached")
        or (kind != "attached" and not found.surface[:1].isupper())
    ):
        return "not written as a name"
    if (
        word in KNOWN
        or form.words[0] in COMMON
        or is_word(form.words[0], language)
        or is_word(form.words[0], "en")
        or is_word(found.surface, language)
        or word in NICKNAMES
        or word in FIRST_NAMES
    ):
        return "an everyday word or name"
    if kind == "inflected" and not is_ending(form.words[0], word, language) and not _is_genitive(found, form):
        return "no ending of this language"
    if kind == "sound" and not FOREIGN.match(word):
        return "a single word that only sounds alike"
    if kind == "typo":
        if form.person or language == "de":
            return "a single misspelt name"
        if starts_sentence(found) or word.startswith(form.words[0]) or form.words[0].startswith(word):
            return "a word of its own, perhaps"
        if named_before(found) or is_capital(found, next_word(found)):
            return "within a longer name"
        if found.field.folded.count(word) > 1:
            return "written so twice, so meant so"
        if len(word) < LONG_WORD and not looks_misspelt(word, form.words[0]):
            return "may well be a word of its own"
    return ""


def _is_genitive(found: Candidate, form: Form) -> bool:
    """ "Altmans’": the apostrophe makes it no plural."""
    folded = found.field.folded
    return folded[found.start : found.end] == form.words[0] + "s" and folded[found.end : found.end + 1] == "'"


def _judge_acronym(found: Candidate, form: Form) -> Verdict:
    if not found.surface.isupper():
        return Verdict("refused", 0, "an acronym not in capitals")
    following = next_word(found)
    is_plain = form.common and len(form.words) == 1 and not (following and following.word in LEGAL_FORMS)
    if is_plain and (_is_shouted(_line_of(found)) or starts_sentence(found) or is_capital(found, following)):
        return Verdict("weak", SUPPORTED, "a common word in a line of capitals")
    return _accepted(found)


def _judge_single(found: Candidate, form: Form, language: str) -> Verdict:
    if form.casing in {"brand", "caseless"}:
        return _accepted(found)
    solid_word = found.surface.split()[-1] if " " in found.surface else found.surface
    if not (found.surface[:1].isupper() or solid_word[:1].isupper()):
        if (
            form.person
            or _letters(form) <= LONGEST_ACRONYM
            or not has_words(language)
            or form.words[0] in UNITS
            or not (found.surface.isascii() and found.surface.isalpha() and form.alias.isascii())
        ):
            return Verdict("refused", 0, "a single word without its capital")
        return Verdict("sure", SMALL_SINGLE, f"“{found.surface}” in small letters, and no everyday word")
    if form.person and named_before(found):
        return Verdict("refused", 0, "another person's surname")
    return _accepted(found)


def _judge_common(found: Candidate, form: Form, language: str) -> Verdict:  # noqa: PLR0911  # one a rule
    capitals = _capitals(found)
    if not all(has or not wanted for has, wanted in zip(capitals, form.capitals, strict=False)):
        return Verdict("refused", 0, "a common word")
    following = next_word(found)
    if following and following.word in LEGAL_FORMS and is_capital(found, following):
        return Verdict("sure", RESPACED, f"“{found.surface}” with its legal form", clear=True)
    line = _line_of(found)
    if _is_shouted(line) or (language != "de" and _is_titled(line)):
        return Verdict("weak", SUPPORTED, "a common word in a line of capitals")
    if form.solid <= 1 and _has_the(found, language):
        return Verdict("weak", SUPPORTED, "a common word with an article")
    if form.solid <= 1 and (named_before(found) or is_capital(found, following)):
        return Verdict("weak", SUPPORTED, "a common word within a longer name")
    if language == "de" and form.solid <= 1 and not is_word(found.surface, "de"):
        return Verdict("sure", CAPITAL_ONLY, f"“{found.surface}”, no German word")
    first_capital_is_grammar = starts_sentence(found) or language == "de"
    if first_capital_is_grammar and not any(form.capitals[1:]):
        return Verdict("weak", SUPPORTED, "a common word whose capital its place explains")
    return Verdict("sure", CAPITAL_ONLY, f"“{found.surface}”, capital inside the sentence")


def _accepted(found: Candidate) -> Verdict:
    alias, surface = found.alias.form.alias, found.surface
    if found.glued:
        return Verdict("sure", GLUED, f"“{surface}” glued to its neighbour")
    if surface == alias:
        return Verdict("sure", AS_WRITTEN, f"“{surface}” as written")
    if re.findall(r"[^\W_]+", surface) == re.findall(r"[^\W_]+", alias)[: len(found.alias.form.words)]:
        return Verdict("sure", RESPACED, f"“{surface}” for “{alias}”")
    if surface.islower() and not alias.islower():
        return Verdict("sure", SMALL, f"“{alias}” in small letters")
    return Verdict("sure", FOLDED, f"“{surface}” for “{alias}” (case or accents)")


def named_before(found: Candidate) -> bool:
    """Does another capitalised word, not a title, stand right before ("Robert Altman")?"""
    before = previous_word(found)
    if before is None or not is_capital(found, before) or before.word in TITLES:
        return False
    return before.word not in FUNCTION_WORDS


def _is_addressed(found: Candidate) -> bool:
    """ "Dr. Ford" is not the car maker."""
    if found.first == 0:
        return False
    before = found.field.tokens[found.first - 1]
    gap = found.field.folded[before.end : found.start]
    return before.word in FORMS_OF_ADDRESS and gap in {" ", ". "} and is_capital(found, before)


def _is_namesake(found: Candidate) -> bool:
    following = next_word(found)
    return following is not None and following.word in NAMESAKES and is_capital(found, following)


def _has_the(found: Candidate, language: str) -> bool:
    """ "the Amazon" is the river: a brand has no article of its own, but before a further word."""
    before = previous_word(found)
    return (
        before is not None
        and before.word in _ARTICLES.get(language, ())
        and found.alias.form.solid == len(found.alias.form.words)
    )


def _is_somebody(found: Candidate) -> bool:
    """Is this company's one word somebody's surname here, or part of a place's name?"""
    return _is_addressed(found) or _follows_first_name(found)


def _is_place(found: Candidate) -> bool:
    if _TOWN.search(found.field.folded, max(0, found.start - 20), found.start):
        return True
    before = previous_word(found)
    return before is not None and before.word in COMPASS and is_capital(found, before)


def _follows_first_name(found: Candidate) -> bool:
    """ "Roy Disney", "Christine Blasey Ford", "J. Nielsen"."""
    tokens, text, folded = found.field.tokens, found.field.text, found.field.folded
    at, edge = found.first - 1, found.start
    while at >= 0 and found.first - at <= LONGEST_FIRST_NAMES and not found.glued:
        word, gap = tokens.words[at], folded[tokens.ends[at] : edge]
        if gap not in {" ", "-", ". "} or not text[tokens.starts[at]].isupper() or (gap == ". " and len(word) > 1):
            return False
        if word in FIRST_NAMES or word in NICKNAMES or (len(word) == 1 and gap == ". "):
            return True
        at, edge = at - 1, tokens.starts[at]
    return False


def previous_word(found: Candidate) -> Token | None:
    """The word right before, with only blanks or a hyphen between."""
    if found.first == 0 or found.glued:
        return None
    token = found.field.tokens[found.first - 1]
    gap = found.field.folded[token.end : found.start]
    return token if gap == "-" or (gap.isspace() and "\n" not in gap) else None


def next_word(found: Candidate) -> Token | None:
    """The word right behind, with only blanks or a hyphen between."""
    if found.last + 1 >= len(found.field.tokens) or found.glued:
        return None
    token = found.field.tokens[found.last + 1]
    gap = found.field.folded[found.end : token.start]
    return token if gap == "-" or (gap.isspace() and "\n" not in gap) else None


def is_capital(found: Candidate, token: Token | None) -> bool:
    return token is not None and found.field.text[token.start].isupper()


def starts_sentence(found: Candidate, at: int | None = None) -> bool:
    at = found.start if at is None else at
    return _SENTENCE_START.search(found.field.text[max(0, at - 12) : at]) is not None if at else True


def _is_part_of_longer_name(found: Candidate) -> bool:
    """ "Marie Le Pen" is not named by "Jean-Marie Le Pen"."""
    text = found.field.text
    before, after = previous_word(found), next_word(found)
    joined_before = (
        before is not None and text[before.end : found.start] in {"-", "‐", "‑"} and is_capital(found, before)
    )
    joined_after = after is not None and text[found.end : after.start] in {"-", "‐", "‑"} and is_capital(found, after)
    return joined_before or (joined_after and len(found.alias.form.words) == 1)


def _capitals(found: Candidate) -> list[bool]:
    text, starts = found.field.text, found.field.tokens.starts[found.first : found.last + 1]
    return [text[max(start, found.start)].isupper() for start in starts]


def _letters(form: Form) -> int:
    return sum(map(len, form.words))


def _line_of(found: Candidate) -> str:
    text = found.field.text
    start = text.rfind("\n", 0, found.start) + 1
    end = text.find("\n", found.end)
    return text[max(start, found.start - 200) : min(len(text) if end < 0 else end, found.end + 200)]


def _is_shouted(line: str) -> bool:
    letters = [letter for letter in line if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) > SHOUTED_SHARE * len(letters)


def _is_titled(line: str) -> bool:
    """An English headline in Title Case: there a capital says nothing."""
    words = [word for word in line.split() if len(word) > LITTLE and word[0].isalpha()]
    return len(words) >= TITLED_WORDS and sum(word[0].isupper() for word in words) >= TITLED_SHARE * len(words)


_LEGAL_FORM = re.compile(
    r"(?:[ \u00a0](?:International|Technologies|Technology|Industries|Systems)"
    r"(?=[ \u00a0](?:Inc|Corp|Co|Ltd|PLC|SA|AG|SE|SCA)\b))?"
    r"(?:,?[ \u00a0]{1,2}(?:Inc|Incorporated|Corp|Corporation|Co|Company|Ltd|Limited|PLC|plc|LLC|LLP|S\.?A\.?S?|SARL|"
    r"AG|GmbH|SE|N\.?V|B\.?V|S\.?p\.?A|A/S|ASA|AS|AB|Oyj|K\.?K|Holdings?|Group|Groupe|PJSC|SCA|& Co)(?!\w)\.?)+"
)


def with_legal_form(found: Candidate) -> Candidate:
    """The company with the legal form that stands behind it: "AT&T Inc." is named whole."""
    if found.alias.form.person or found.glued:
        return found
    legal = _LEGAL_FORM.match(found.field.text, found.end)
    if legal is None:
        return found
    tokens, last = found.field.tokens, found.last
    while last + 1 < len(tokens) and tokens.starts[last + 1] < legal.end():
        last += 1
    end = (
        legal.end()
        if legal[0].rstrip(".")[-1:] != "" and not _ends_sentence(found.field.text, legal.end())
        else legal.end() - 1
    )
    return found._replace(end=end, last=last, kinds=found.kinds + ("exact",) * (last - found.last))


def _ends_sentence(text: str, end: int) -> bool:
    """Is the full stop before `end` the sentence's? Then the next word has a capital."""
    return text[end - 1] == "." and not text[end : end + 2].lstrip(" ")[:1].islower()
