"""Who is meant by a bare surname?

Only somebody whose full name stood before it: "Altman" after "Sam Altman". Another person's first name before it
("Robert Altman") refuses it, and so does a second watched person of that surname in the text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stream.clean import CleanField
from stream.matching.evidence import Verdict, is_capital, named_before, next_word
from stream.matching.forms import surname_of
from stream.matching.layer import Alias
from stream.matching.verify import Candidate

SURNAME = 0.9
Position = tuple[int, int]  # place of the field, offset in it


@dataclass(frozen=True, slots=True)
class Named:
    """A person whose full name stood at `position`."""

    alias: Alias
    position: Position


def surnames_known(accepted: Iterable[tuple[Position, Candidate]]) -> dict[tuple[str, ...], Named]:
    """Surnames of the persons named in full, except those that two of them share."""
    known: dict[tuple[str, ...], Named | None] = {}
    for position, found in accepted:
        surname = surname_of(found.alias.form)
        if not surname or found.zone == "boilerplate":
            continue
        holder = known.get(surname)
        if surname in known and (holder is None or holder.alias.entry.name != found.alias.entry.name):
            known[surname] = None
        elif holder is None or position < holder.position:
            known[surname] = Named(found.alias, position)
    return {surname: named for surname, named in known.items() if named is not None}


def find_surnames(
    fields: Iterable[CleanField], known: dict[tuple[str, ...], Named], taken: set[tuple[int, int]]
) -> Iterator[tuple[Candidate, Verdict]]:
    """Bare surnames behind the full name. `taken` holds (place of field, place of token) that other mentions cover."""
    by_first = {surname[0]: surname for surname in known}
    for place, field in enumerate(fields):
        words = field.tokens.words
        for at in [at for at, word in enumerate(words) if word in by_first]:
            surname = by_first[words[at]]
            if (place, at) in taken or tuple(words[at : at + len(surname)]) != surname:
                continue
            last = at + len(surname) - 1
            named = known[surname]
            found = Candidate(
                field, named.alias, field.tokens[at].start, field.tokens[last].end, at, last, at, last, ("exact",)
            )
            if named.position < (place, found.start) and _stands_alone(found):
                yield found, Verdict("sure", SURNAME, f"“{found.surface}” after “{named.alias.form.alias}”")


def _stands_alone(found: Candidate) -> bool:
    last = found.field.tokens[found.last]
    return (
        found.field.text[last.start].isupper() and not named_before(found) and not is_capital(found, next_word(found))
    )
