"""What does a watchlist ask beyond the name itself?

Words that must or must not stand in the article, its language, the very case of the alias, aliases that need company,
and how strict to be. An entry that asks for nothing costs nothing.
"""

import re

from stream.clean import CleanArticle
from stream.matching.evidence import Verdict
from stream.matching.layer import PLAIN
from stream.matching.verify import Candidate
from stream.text import fold, words_in

# The named points on the score: what scores less is no mention. In between, a mention that needs company and has none.
LEAST = {"strict": 0.9, "normal": 0.7, "wide": 0.5}
ALONE = 0.6  # the score of a mention that needs company, has none, and is asked for all the same
_WORD = re.compile(r"[^\W_]+")


def with_options(found: Candidate, verdict: Verdict, article: CleanArticle) -> Verdict:
    """The verdict, once what the entry asks for is taken into account."""
    options = found.alias.entry.options
    if options is PLAIN or verdict.strength == "refused":
        return verdict
    refusal = _refusal(found, article)
    if refusal:
        return Verdict("refused", 0, refusal)
    if found.alias.form.alias in options.weak and verdict.strength == "sure":
        verdict = verdict._replace(strength="weak", why=f"{verdict.why}; an alias that needs company")
    if options.strictness == "wide" and verdict.strength == "weak":
        return verdict._replace(strength="sure", score=ALONE)
    if verdict.score < LEAST[options.strictness]:
        return Verdict("refused", 0, f"{verdict.why}; scores less than “{options.strictness}” asks")
    return verdict


def _refusal(found: Candidate, article: CleanArticle) -> str:
    options = found.alias.entry.options
    if options.languages and article.language not in options.languages:
        return f"the article's language is “{article.language}”"
    if options.case_sensitive and not _is_written_so(found):
        return "not written as the alias is"
    said = next((phrase for phrase in options.excludes if _stands_in(phrase, article)), None)
    if said is not None:
        return f"the article says “{said}”"
    if options.requires and not any(_stands_in(phrase, article) for phrase in options.requires):
        return "none of the words asked for stands in the article"
    return ""


def _is_written_so(found: Candidate) -> bool:
    written = _WORD.findall(found.alias.form.alias)
    return _WORD.findall(found.surface)[: len(written)] == written


def _stands_in(phrase: str, article: CleanArticle) -> bool:
    wanted = words_in(fold(phrase))
    return bool(wanted) and any(_holds(field.tokens.words, wanted) for field in (article.title, article.text))


def _holds(words: list[str], wanted: list[str]) -> bool:
    first, size = wanted[0], len(wanted)
    return any(words[at : at + size] == wanted for at, word in enumerate(words) if word == first)
