"""An entry may ask for more than its name: then that decides, and an entry that asks for nothing is as before."""

from typing import Any

import msgspec
import pytest

from stream.clean import clean
from stream.matching import find_mentions, find_refusals
from tests.newsdesk import entity, index_of

HELMONT = entity("Helmont", aliases=("Helmont Works",))


def surfaces(text: str, language: str = "en", **options: Any) -> list[str]:
    asked = msgspec.structs.replace(HELMONT, **options)
    return [mention.surface for mention in find_mentions(clean("", text, language), index_of(asked))]


@pytest.mark.parametrize(
    ("options", "silent", "heard"),
    [
        ({"requires": ("steel",)}, "Shares of Helmont fell.", "Shares of Helmont, the steel maker, fell."),
        ({"excludes": ("football club",)}, "So Helmont, the football club, won.", "So Helmont won."),
        ({"case_sensitive": True}, "So HELMONT won.", "So Helmont won."),
        ({"weak": ("Helmont",), "aliases": ("Helmont Works",), "name": "Helmont Steel Works"}, "So Helmont won.",
         "So Helmont Steel Works won. Then Helmont lost."),
        ({"strictness": "strict"}, "the plans of helmont", "the plans of Helmont"),
    ],
)  # fmt: skip
def test_what_an_entry_asks_for_decides(options: dict[str, Any], silent: str, heard: str) -> None:
    assert surfaces(silent, **options) == []
    assert "Helmont" in surfaces(heard, **options)


def test_an_entry_of_one_language_is_silent_in_others() -> None:
    assert surfaces("So Helmont fell.", "en", languages=("fr",)) == []
    assert surfaces("Puis Helmont chuta.", "fr", languages=("fr",)) == ["Helmont"]


def test_wide_takes_what_needs_company_without_it() -> None:
    apple = entity("Apple")
    wide = msgspec.structs.replace(apple, strictness="wide")
    article = clean("", "Apple trees bloom.", "en")
    assert find_mentions(article, index_of(apple)) == ()
    (found,) = find_mentions(article, index_of(wide))
    assert found.score < 0.7


def test_a_near_miss_says_why_it_was_refused() -> None:
    text = "Robert Helmont spoke."
    (refused,) = find_refusals(clean("", text, "en"), index_of(HELMONT))
    assert (refused.entity, text[refused.start : refused.end]) == ("Helmont", "Helmont")
    assert "person" in refused.why
