"""One entry for equal entities, whoever asks; an edit makes a new index and leaves the old one alone."""

from hypothesis import given
from hypothesis import strategies as st

from stream.matching import AliasIndex
from tests.newsdesk import entity, index_of, watchlist
from wire.messages import Watch
from wire.watchlist import Watchlist, WatchlistId

NAMES = st.sampled_from(["Nora Valtier", "Nora", "Helmont Corp", "Helmont", "L’Auralys", "Quarzo & Sons", "X", "", "…"])
ENTITIES = st.builds(
    lambda name, kind, aliases, ticker: entity(name, kind, aliases=aliases, tickers=ticker),
    NAMES,
    st.sampled_from(["PER", "ORG"]),
    st.lists(NAMES, max_size=2),
    st.lists(st.sampled_from(["HLMT", "000660", "X"]), max_size=1),
)
LISTS = st.builds(
    lambda name, version, entities: watchlist(*entities, name=name, version=version),
    st.sampled_from("abc"),
    st.integers(1, 3),
    st.lists(ENTITIES, max_size=4),
)


def found(index: AliasIndex) -> dict[str, object]:
    """What a lookup can see: beginnings that lead nowhere do not count, nor does the order of equals."""
    names = {name: sorted(map(repr, aliases)) for name, aliases in index.names.items() if aliases}
    tickers = {ticker: sorted(entries) for ticker, entries in index.tickers.items() if entries}
    return {"names": names, "tickers": tickers, "watches": dict(index.watches), "lists": dict(index.watchlists)}


@given(st.lists(LISTS, max_size=4), st.lists(LISTS, max_size=3), st.sets(st.sampled_from("abc")))
def test_a_changed_index_equals_one_built_anew(
    before: list[Watchlist], added: list[Watchlist], removed: set[str]
) -> None:
    changed = AliasIndex.build(before).with_changes(added, [WatchlistId(name) for name in sorted(removed)])
    lists = {one.id: one for one in before if one.id not in removed} | {one.id: one for one in added}
    assert found(changed) == found(AliasIndex.build(lists.values()))


@given(st.lists(LISTS, max_size=3), st.lists(LISTS, max_size=3))
def test_an_index_does_not_change_when_the_next_is_made(before: list[Watchlist], added: list[Watchlist]) -> None:
    index = AliasIndex.build(before)
    seen = repr(index)
    index.with_changes(added, [one.id for one in before])
    assert repr(index) == seen


def test_equal_entities_of_two_watchlists_are_one_entry_with_both_watches() -> None:
    one = entity("Nora Valtier", "PER", aliases=("N. Valtier", "Dr Valtier"), entity_id="v1")
    other = entity("Nora Valtier", "PER", aliases=("Dr Valtier", "N. Valtier"), entity_id="v2")
    index = AliasIndex.build([watchlist(one, name="a"), watchlist(other, name="b", version=7)])
    assert list(index.watches.values()) == [
        (
            Watch(watchlist=WatchlistId("a"), version=1, entity=one.id),
            Watch(watchlist=WatchlistId("b"), version=7, entity=other.id),
        )
    ]


def test_a_name_without_a_word_is_looked_for_nowhere() -> None:
    index = index_of(entity("…"), entity(""), entity("Helmont"))
    assert {name for name, aliases in index.names.items() if aliases} == {"helmont"}


def test_a_legal_form_may_be_left_out() -> None:
    assert {"helmont corp", "helmont"} <= set(index_of(entity("Helmont Corp.")).names)


def test_a_ten_thousand_character_alias_is_not_filed() -> None:
    assert not any(aliases for name, aliases in index_of(entity("Nora " * 2000)).names.items() if len(name) > 200)
