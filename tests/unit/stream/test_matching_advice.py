"""A watchlist's author hears of names that will find too much."""

import msgspec
import pytest

from stream.matching.advice import advice_on
from tests.newsdesk import entity


@pytest.mark.parametrize(("name", "said"), [("Apple", "everyday word"), ("Qz", "short")])
def test_a_risky_name_is_advised_on(name: str, said: str) -> None:
    (line,) = advice_on([entity(name)])
    assert said in line
    assert "requires" in line


def test_two_entities_of_one_name_are_advised_on() -> None:
    (line,) = advice_on([entity("Helmont", entity_id="1"), entity("Helmont", entity_id="2"), entity("Quarzo")])
    assert "'helmont'" in line


def test_a_safe_name_and_one_with_its_context_are_not() -> None:
    asked = msgspec.structs.replace(entity("Apple"), requires=("iPhone",))
    assert list(advice_on([entity("Nora Valtier", "PER"), entity("BP"), asked])) == []


def test_a_ticker_that_is_a_bare_number_is_advised_on() -> None:
    firm = msgspec.structs.replace(entity("Helmont"), tickers=("0700", "HLMT"))
    (line,) = advice_on([firm])
    assert "HKG:0700" in line
