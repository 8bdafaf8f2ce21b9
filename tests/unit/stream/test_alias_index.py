"""One entry for equal entities, whoever asks; an edit makes a new index and leaves the old one alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.clean import clean
from stream.matching import AliasIndex, find_mentions
from stream.matching.index import SMALL
from tests.newsdesk import entity, index_of, watchlist
from wire.messages import Mention, Watch
from wire.watchlist import Watchlist, WatchlistId

WORDS = [left + right for left in ("brak", "tor", "ul", "vos", "zed") for right in ("ar", "el", "im", "on", "us")]
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


TEXT = (
    "Then Nora Valtier met Helmont Corp. (HLMT) and Quarzo & Sons. Valtier of Auralys, L’Auralys and HELMONT spoke of "
    "$X, of X and of Nora, of Helmonts and Nora Valtie (000660)."
)


def found(index: AliasIndex) -> tuple[Mention, ...]:
    return find_mentions(clean("Nora at Helmont", TEXT, "en"), index)


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
    seen = found(index)
    index.with_changes(added, [one.id for one in before])
    assert found(index) == seen


def test_equal_entities_of_two_watchlists_are_one_entry_with_both_watches() -> None:
    one = entity("Nora Valtier", "PER", aliases=("N. Valtier", "Dr Valtier"), entity_id="v1")
    other = entity("Nora Valtier", "PER", aliases=("Dr Valtier", "N. Valtier"), entity_id="v2")
    index = AliasIndex.build([watchlist(one, name="a"), watchlist(other, name="b", version=7)])
    (mention,) = find_mentions(clean("", "So Nora Valtier left.", "en"), index)
    assert mention.watches == (
        Watch(watchlist=WatchlistId("a"), version=1, entity=one.id),
        Watch(watchlist=WatchlistId("b"), version=7, entity=other.id),
    )


def test_an_edit_makes_no_new_base() -> None:
    many = watchlist(*(entity(f"Brenner {word}wick", entity_id=str(at)) for at, word in enumerate(WORDS)))
    index = AliasIndex.build([many])
    edited = watchlist(*many.entities[:-1], entity("Nora Valtier", "PER"), version=2)
    changed = index.with_changes([edited], ())
    assert changed.layers[0].vocabulary is index.layers[0].vocabulary
    assert [one.entity for one in find_mentions(clean("", "Nora Valtier left.", "en"), changed)] == ["Nora Valtier"]
    gone = f"So Brenner {WORDS[-1]}wick fell."
    assert [len(find_mentions(clean("", gone, "en"), one)) for one in (index, changed)] == [1, 0]


def test_many_edits_make_a_new_base() -> None:
    index = AliasIndex.build([watchlist(entity("Helmont"))])
    many = watchlist(*(entity(f"Nora Val{at}tier", "PER", entity_id=str(at)) for at in range(SMALL + 1)), name="b")
    assert len(index.with_changes([many], ()).layers) == 1


@pytest.mark.parametrize("name", ["…", "", "Nora " * 2000])
def test_a_name_without_a_word_or_with_hundreds_is_looked_for_nowhere(name: str) -> None:
    assert found(index_of(entity(name))) == ()


# Made of letters alone, so that any two may stand side by side in a company's register.
ODD = st.text(st.sampled_from("aàbß§&.,-'’/()+0İﬁ中א \u00ad"), max_size=40)
FORMS = st.sampled_from(
    ["", " S.A.", " Inc.", " & Co. KG", " GmbH & Co. KGaA", ", L.P.", " N.V. Holdings plc", " AG NA O.N."]
)


@given(st.lists(st.builds(lambda *parts: "".join(parts), ODD, FORMS, FORMS), max_size=8))
def test_odd_company_names_build_and_find_themselves_or_nothing(names: list[str]) -> None:
    index = index_of(*(entity(name, entity_id=str(at)) for at, name in enumerate(names)))
    for name in names:
        text = f"So {name} fell."
        for mention in find_mentions(clean("", text, "en"), index):
            assert 0 <= mention.start < mention.end <= len(text)
