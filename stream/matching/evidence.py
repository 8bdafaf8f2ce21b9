"""What speaks for a candidate, and what against it?

Case is the evidence: a word that is also a common noun needs a capital that its place in the sentence does not explain.
What is neither clear nor refuted is `weak`: it counts only when the same entity is named clearly elsewhere in the text.
"""

import re
from typing import Literal, NamedTuple

from stream.matching.candidates import Candidate
from stream.matching.common import FORMS_OF_ADDRESS, FUNCTION_WORDS, INDEFINITE, LEGAL_FORMS, TITLES
from stream.matching.forms import Form
from stream.text import Token

Strength = Literal["sure", "weak", "refused"]

# Scores rank what was seen: as written, then spacing, then case or accents, then what other evidence had to carry.
AS_WRITTEN, RESPACED, FOLDED, CAPITAL_ONLY, SMALL, GLUED, SUPPORTED = 0.99, 0.97, 0.95, 0.93, 0.9, 0.9, 0.85
LONGEST_ACRONYM = 5  # letters; a longer one ("NVIDIA") is also written as a name
SHOUTED_SHARE, TITLED_SHARE, TITLED_WORDS = 0.7, 0.75, 4

_SENTENCE_START = re.compile(r"(?:^|[.!?…:;•|–—\n\"“„«»‘(\[]|\s-)[\s\"'“„«»‘’(\[]*$")


class Verdict(NamedTuple):
    """How sure, how high, and why in a phrase."""

    strength: Strength
    score: float
    why: str


def judge(found: Candidate, language: str) -> Verdict:
    """The verdict on one candidate, from its own words and its neighbours."""
    form = found.alias.form
    if form.person and _is_part_of_longer_name(found):
        return Verdict("refused", 0, "part of a longer name")
    if not form.person and form.solid <= 1 and _is_addressed(found):
        return Verdict("refused", 0, "a person of that name")
    return _judge_words(found, form, language)


def _judge_words(found: Candidate, form: Form, language: str) -> Verdict:
    if form.casing == "acronym" and _letters(form) <= LONGEST_ACRONYM:
        return _judge_acronym(found, form)
    if form.common:
        return _judge_common(found, form, language)
    if form.solid <= 1:
        return _judge_single(found, form)
    if found.surface.islower() and form.casing == "name" and _has_article(found):
        return Verdict("refused", 0, "common words")
    return _accepted(found)


def _judge_acronym(found: Candidate, form: Form) -> Verdict:
    if not found.surface.isupper():
        return Verdict("refused", 0, "an acronym not in capitals")
    if form.common and _is_shouted(_line_of(found)):
        return Verdict("weak", SUPPORTED, "a common word in a line of capitals")
    return _accepted(found)


def _judge_single(found: Candidate, form: Form) -> Verdict:
    if form.casing in {"brand", "caseless"}:
        return _accepted(found)
    solid_word = found.surface.split()[-1] if " " in found.surface else found.surface
    if not (found.surface[:1].isupper() or solid_word[:1].isupper()):
        return Verdict("refused", 0, "a single word without its capital")
    if form.person and named_before(found):
        return Verdict("refused", 0, "another person's surname")
    return _accepted(found)


def _judge_common(found: Candidate, form: Form, language: str) -> Verdict:
    capitals = _capitals(found)
    if not all(has or not wanted for has, wanted in zip(capitals, form.capitals, strict=False)):
        return Verdict("refused", 0, "a common word")
    following = next_word(found)
    if following and following.word in LEGAL_FORMS and is_capital(found, following):
        return Verdict("sure", RESPACED, f"“{found.surface}” with its legal form")
    line = _line_of(found)
    if _is_shouted(line) or _is_titled(line):
        return Verdict("weak", SUPPORTED, "a common word in a line of capitals")
    if form.solid <= 1 and (named_before(found) or is_capital(found, following)):
        return Verdict("weak", SUPPORTED, "a common word within a longer name")
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


def _has_article(found: Candidate) -> bool:
    """ "Une société générale" is any company, "la Société Générale" the bank."""
    before = previous_word(found)
    return before is not None and before.word in INDEFINITE


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
    words = [word for word in line.split() if len(word) > 3 and word[0].isalpha()]  # noqa: PLR2004  # "the", "and", "for" stay small
    return len(words) >= TITLED_WORDS and sum(word[0].isupper() for word in words) >= TITLED_SHARE * len(words)
