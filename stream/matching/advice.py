"""Which names of a watchlist will find too much or too little, and what helps?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from stream.matching.forms import forms_of
from stream.matching.lexicon import KNOWN
from wire.watchlist import Entity

SHORT = 3  # letters; "BP" is safe in capitals, "Bp" is not


def advice_on(entities: Iterable[Entity]) -> Iterator[str]:
    """One line for each alias that is an everyday word, too short, or also another entity's; one for bare numbers."""
    owners: dict[tuple[str, ...], list[Entity]] = defaultdict(list)
    for entity in entities:
        yield from _of_numbers(entity)
        for alias in dict.fromkeys((entity.name, *entity.aliases)):
            form = next(iter(forms_of(entity.type, (alias,))), None)
            if form is None:
                continue
            owners[form.words].append(entity)
            if len(form.words) == 1 and not (entity.requires or entity.case_sensitive):
                yield from _of_one_word(entity, alias, form.words[0])
    for words, sharing in owners.items():
        if len({entity.id for entity in sharing}) > 1:
            names = " and ".join(dict.fromkeys(f"{entity.name!r}" for entity in sharing))
            yield f"{' '.join(words)!r} is an alias of {names}: a text that says it names all of them"


def _of_numbers(entity: Entity) -> Iterator[str]:
    for ticker in entity.tickers:
        if not any(letter.isalpha() for letter in ticker):
            yield (
                f"the ticker {ticker} of {entity.name!r} is a bare number: it counts behind its exchange, as in "
                f"HKG:{ticker}; as ({ticker}) only where the text names {entity.name!r}, too"
            )


def _of_one_word(entity: Entity, alias: str, word: str) -> Iterator[str]:
    if word in KNOWN:
        yield (
            f"{alias!r} of {entity.name!r} is an everyday word: it counts only where its capital cannot be chance; "
            "add fuller aliases or a ticker, or words under 'requires'"
        )
    elif len(word) < SHORT and not alias.isupper():
        yield f"{alias!r} of {entity.name!r} is short: add 'case_sensitive: true' or words under 'requires'"
