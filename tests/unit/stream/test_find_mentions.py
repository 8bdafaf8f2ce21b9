"""Who is named is found where it stands; who only seems to be is not."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.clean import clean
from stream.matching import AliasIndex, find_mentions
from tests.newsdesk import COLUMN_TEXT, COLUMN_TITLE, entity, index_of, watchlist
from wire.messages import Mention
from wire.watchlist import Entity, EntityType

VALTIER = entity("Nora Valtier", "PER")
HELMONT = entity("Helmont", aliases=("Helmont Corporation",), tickers=("HLMT",))
AURALYS = entity("AuraLys", "ORG")
APPLE = entity("Apple", tickers=("AAPL",))
MONDE = entity("Le Monde")


def mentions(text: str, *watched: Entity, title: str = "", language: str = "en") -> tuple[Mention, ...]:
    return find_mentions(clean(title, text, language), index_of(*watched))


def surfaces(text: str, *watched: Entity, title: str = "", language: str = "en") -> list[str]:
    return [mention.surface for mention in mentions(text, *watched, title=title, language=language)]


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("Then Nora Valtier spoke.", "Nora Valtier"),
        ("Then NORA VALTIER spoke.", "NORA VALTIER"),
        ("Then nora valtier spoke.", "nora valtier"),
        ("Then Nora\u00a0Valtier spoke.", "Nora\u00a0Valtier"),
        ("Then Nora\nValtier spoke.", "Nora\nValtier"),
        ("Then Nora-Valtier spoke.", "Nora-Valtier"),
        ("Then Nöra Váltier spoke.", "Nöra Váltier"),
        ("Le départ d’Nora Valtier surprend.", "Nora Valtier"),
        ("Nora Valtier’s plan", "Nora Valtier’s"),
        ("Nora Valtier's plan", "Nora Valtier's"),
        ("said @NoraValtier today", "@NoraValtier"),
        ("a <b>Nora</b> Valtier plan", "Nora Valtier"),
    ],
)
def test_a_full_name_is_found_however_it_is_set(text: str, surface: str) -> None:
    assert surfaces(text, VALTIER) == [surface]


@pytest.mark.parametrize(
    "text",
    [
        "Nora and then Valtier spoke.",
        "Nora. Valtier spoke.",
        "Nora, Valtier and others",
        "<li>Nora</li><li>Valtier</li>",
        "Eleonora Valtier spoke.",
        "Nora Valtierstrasse is closed.",
        "Anna-Nora Valtier spoke.",
        "Robert Valtier spoke. Valtier left.",
        "Nora Helm spoke.",
    ],
)
def test_words_that_are_not_her_name_stay_silent(text: str) -> None:
    assert surfaces(text, VALTIER) == []


@pytest.mark.parametrize("elided", ["d’", "qu’", "l'", "D’"])
def test_an_elided_name_is_a_mention(elided: str) -> None:
    assert surfaces(f"Le sort {elided}Helmont inquiète.", HELMONT, language="fr") == ["Helmont"]


def test_a_word_glued_before_a_name_is_no_part_of_it() -> None:
    assert surfaces("Elle l’a dit, maisHelmont se tait.", HELMONT, language="fr") == ["Helmont"]
    assert surfaces("So said HelmontThe next day", HELMONT) == ["Helmont"]


def test_a_brands_inner_capital_does_not_part_it() -> None:
    assert surfaces("So AuraLys grows.", AURALYS, entity("Aura")) == ["AuraLys"]


@pytest.mark.parametrize("form", ["$HLMT", "(HLMT)", "NYSE: HLMT", "(NASDAQ:HLMT)", "(HLMT.O)"])
def test_a_ticker_in_a_tickers_form_is_a_mention(form: str) -> None:
    found = mentions(f"Shares of the group {form} rose.", HELMONT)
    assert [mention.entity for mention in found] == ["Helmont"]


@pytest.mark.parametrize("word", ["ALL", "all", "HLMT", "(all)", "$ALLS", "(ALL of them)", "note: ALL"])
def test_a_ticker_that_is_a_bare_word_stays_silent(word: str) -> None:
    assert surfaces(f"They sold {word} shares.", entity("Allmark", tickers=("ALL", "HLMT"))) == []


@pytest.mark.parametrize("year", ["(2024)", "(0700)"])
def test_a_number_in_brackets_is_no_ticker_by_itself(year: str) -> None:
    assert surfaces(f"In those days {year} it rained.", entity("Nullweg", tickers=("2024", "0700"))) == []


def test_letters_that_the_words_before_explain_are_no_ticker() -> None:
    assert surfaces("The Harbour Masters Council (HMC) met.", entity("Hallmack", tickers=("HMC",))) == []


@pytest.mark.parametrize(
    "text",
    [
        "She ate an apple.",
        "Apple pie is back.",
        "It was late. Apple trees bloomed.",
        "“Apple trees bloom,” she said.",
        "New Apple Pie Recipes Delight Whole Village",
        "They live in the Big Apple.",
        "APPLE HARVEST FAILS AGAIN",
    ],
)
def test_a_common_word_is_no_company(text: str) -> None:
    assert surfaces(text, APPLE) == []


@pytest.mark.parametrize("text", ["Shares of Apple fell.", "They think Apple and its board met."])
def test_a_capital_inside_the_sentence_makes_a_common_word_a_name(text: str) -> None:
    assert surfaces(text, APPLE) == ["Apple"]


def test_a_legal_form_makes_a_common_word_a_name_and_belongs_to_it() -> None:
    assert surfaces("It was late. Apple Inc fell.", APPLE) == ["Apple Inc"]


def test_a_weak_mention_counts_beside_a_sure_one() -> None:
    found = mentions("Apple fell. Shares of Apple (AAPL) lost a tenth.", APPLE)
    assert [mention.surface for mention in found] == ["Apple", "Apple", "AAPL"]
    assert found[0].score < found[1].score


def test_two_weak_mentions_do_not_support_each_other() -> None:
    assert surfaces("Apple trees bloom. Apple trees wither.", APPLE) == []


def test_support_from_a_promo_tail_does_not_count() -> None:
    text = "Apple trees bloom in the valley this week.\n\nRead more: why Apple fell"
    assert {mention.zone for mention in mentions(text, APPLE)} <= {"boilerplate"}


@pytest.mark.parametrize("text", ["Tout le monde dort.", "Le monde dort.", "Du monde partout."])
def test_the_world_is_no_newspaper(text: str) -> None:
    assert surfaces(text, MONDE, language="fr") == []


def test_the_newspaper_is_found_by_its_capital() -> None:
    assert surfaces("Selon Le Monde, il pleut.", MONDE, language="fr") == ["Le Monde"]


@pytest.mark.parametrize("text", ["it is late", "It is late", "IT IS LATE AND COLD"])
def test_an_acronym_that_is_a_word_needs_its_capitals(text: str) -> None:
    assert surfaces(text, entity("IT")) == []


def test_an_acronym_that_is_a_word_is_found_in_its_capitals() -> None:
    assert surfaces("The share of IT fell.", entity("IT")) == ["IT"]
    assert surfaces("The share of BNX fell. bnx fell.", entity("BNX")) == ["BNX"]


def test_a_short_word_or_a_surname_without_its_capital_is_no_name() -> None:
    assert surfaces("They tolk all day.", entity("Tolk")) == []
    assert surfaces("They valtier all day.", entity("Valtier", "PER")) == []


def test_a_long_made_up_word_is_a_name_even_in_small_letters() -> None:
    assert surfaces("the plans of helmont and auralys", HELMONT, AURALYS) == ["helmont", "auralys"]


def test_a_company_of_common_words_is_not_any_company() -> None:
    bank = entity("Société Hydraulique")
    assert surfaces("Une société hydraulique fut créée.", bank, language="fr") == []
    assert surfaces("L’action Société Hydraulique monte.", bank, language="fr") == ["Société Hydraulique"]


def test_a_watched_surname_is_nobody_elses() -> None:
    surname = entity("Valtier", "PER")
    assert surfaces("Then Valtier left. Then Robert Valtier left. Mme Valtier too.", surname) == ["Valtier", "Valtier"]


def test_no_entity_is_shown_more_often_than_anybody_reads() -> None:
    assert len(mentions("Nora Valtier spoke. " * 100, VALTIER)) == 40


def test_dr_ford_is_no_car_maker() -> None:
    assert surfaces("He thanked Dr. Ford and Mrs Ford.", entity("Ford")) == []


def test_a_bare_surname_counts_once_the_full_name_stood() -> None:
    found = mentions("Valtier was early. Nora Valtier spoke. Then Valtier left.", VALTIER)
    assert [mention.start for mention in found] == [19, 44]
    assert "after “Nora Valtier”" in found[1].why


def test_a_full_name_in_the_title_counts_for_the_text() -> None:
    found = mentions("Then Valtier left.", VALTIER, title="Nora Valtier speaks")
    assert [(mention.field, mention.surface) for mention in found] == [("title", "Nora Valtier"), ("text", "Valtier")]


@pytest.mark.parametrize("text", ["Robert Valtier left.", "Valtier Capital fell.", "the valtier method"])
def test_somebody_elses_surname_stays_silent_even_then(text: str) -> None:
    assert surfaces(f"Nora Valtier spoke. Later {text}", VALTIER) == ["Nora Valtier"]


def test_a_surname_of_two_watched_persons_names_neither() -> None:
    found = surfaces("Nora Valtier and Paul Valtier met. Then Valtier left.", VALTIER, entity("Paul Valtier", "PER"))
    assert found == ["Nora Valtier", "Paul Valtier"]


def test_particles_belong_to_the_surname() -> None:
    found = surfaces("Ada von der Marsch spoke. Then von der Marsch left.", entity("Ada von der Marsch", "PER"))
    assert found == ["Ada von der Marsch", "von der Marsch"]


def test_the_longest_name_wins() -> None:
    assert surfaces("So Helmont Corporation fell.", HELMONT, entity("Corporation")) == ["Helmont Corporation"]


def test_two_entities_under_one_name_are_both_named() -> None:
    found = mentions("So Helmont fell.", HELMONT, entity("Helmont", "LOC"))
    assert sorted(mention.type for mention in found) == ["LOC", "ORG"]


def test_scores_rank_what_was_seen() -> None:
    texts = ["Nora Valtier", "Nora-Valtier", "Nora Váltier", "nora valtier"]
    scores = [mentions(f"Then {text} spoke.", VALTIER)[0].score for text in texts]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_the_title_counts_once() -> None:
    found = mentions(
        f"{COLUMN_TITLE}\n-\n{COLUMN_TITLE}\n\nRien de neuf.", VALTIER, title=f"{COLUMN_TITLE} - {COLUMN_TITLE}"
    )
    assert [(mention.field, mention.start) for mention in found] == [("title", 0)]


def test_the_column_names_its_people_and_companies() -> None:
    watched = [
        VALTIER,
        HELMONT,
        entity("Auralys"),
        entity("Ivo Brandis", "PER"),
        entity("Tilda Roque", "PER"),
        entity("Quarzo", tickers=("QRZO",)),
        entity("Tessel"),
        entity("Ficelles"),
    ]
    article = clean(f"{COLUMN_TITLE} - {COLUMN_TITLE}", COLUMN_TEXT, "fr")
    found = find_mentions(article, index_of(*watched))
    told = {mention.entity for mention in found if mention.zone != "boilerplate"}
    assert told == {"Nora Valtier", "Helmont", "Auralys", "Ivo Brandis", "Tilda Roque", "Quarzo"}
    assert {mention.entity for mention in found} - told == {"Tessel"}
    assert {"HLMT", "QRZO", "Valtier", "Roque"} <= {mention.surface for mention in found}
    for before in ("d’", "qu’"):
        at = COLUMN_TEXT.rindex(f"{before}Auralys") + len(before)
        assert any((mention.field, mention.start) == ("text", at) for mention in found)


def test_a_quote_shows_the_words_found() -> None:
    text = f"{'Before it there was a long story. ' * 9}Then Nora Valtier spoke. {'And more came. ' * 30}\n\nNext."
    quoted = mentions(text, VALTIER)[0]
    assert quoted.quote[quoted.quote_start : quoted.quote_end] == "Nora Valtier"
    assert 120 < len(quoted.quote) <= 240
    assert quoted.quote in text


NAMED = ["Nora", "Valtier", "Helmont", "HLMT", "(HLMT)", "maisHelmont", "NORA VALTIER", "d’Auralys", "Robert "]
PIECES = st.sampled_from([*NAMED, "<b>", "</p>", "&amp;", "\u00ad", " ", ". ", "\n"])


@given(st.lists(PIECES).map("".join), st.lists(PIECES).map("".join))
def test_spans_always_slice_to_the_words_shown(title: str, text: str) -> None:
    article = clean(title, text, "fr")
    for mention in find_mentions(article, index_of(VALTIER, HELMONT, entity("Auralys"))):
        raw = (title if mention.field == "title" else text)[mention.start : mention.end]
        assert clean("", raw, "fr").text.text.split() == mention.surface.split()
        assert mention.quote[mention.quote_start : mention.quote_end] == (
            " ".join(mention.surface.split()) if mention.quote else ""
        )
        assert len(mention.quote) <= 240


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for mention in mentions(text, VALTIER, HELMONT, title=text):
        assert text[mention.start : mention.end]


# Invented names of several words, with no capital, surname or common word to judge by: here the fast index and the
# slow obvious loop must agree.
WORDS = ["brak", "torel", "ulmen", "vosk", "zeddar"]
ALIASES = [" ".join(pair) for pair in combinations(WORDS, 2)] + ["brak torel ulmen", "vosk zeddar brak"]


def slow(text: str, aliases: list[str]) -> set[tuple[str, int]]:
    """Every alias at every place; the longest first, then the leftmost, take their characters."""
    hits = [(alias, hit.start()) for alias in aliases for hit in re.finditer(rf"(?<!\w)(?={alias}(?!\w))", text)]
    taken: set[int] = set()
    found = set()
    for alias, start in sorted(hits, key=lambda hit: (-len(hit[0]), hit[1])):
        places = range(start, start + len(alias))
        if not taken.intersection(places):
            found.add((alias, start))
            taken.update(places)
    return found


@given(st.lists(st.sampled_from([*WORDS, "und", "ulmens"]), max_size=30), st.sets(st.sampled_from(ALIASES), min_size=1))
def test_the_index_finds_what_the_obvious_loop_finds(words: list[str], aliases: set[str]) -> None:
    text = " ".join(words)
    found = mentions(text, *(entity(alias) for alias in sorted(aliases)))
    assert {(mention.alias, mention.start) for mention in found} == slow(text, sorted(aliases))


@given(st.lists(PIECES).map("".join))
def test_other_entities_on_the_watchlist_change_nothing(text: str) -> None:
    article = clean("", text, "fr")
    alone = find_mentions(article, index_of(VALTIER))
    beside = find_mentions(article, index_of(VALTIER, entity("Auralys"), entity("Robert Ohlen", "PER"), HELMONT))
    assert alone == tuple(mention for mention in beside if mention.entity == "Nora Valtier")


def test_a_mention_names_every_watchlist_that_holds_the_entity() -> None:
    index = AliasIndex.build([watchlist(VALTIER, name="a"), watchlist(VALTIER, HELMONT, name="b", version=3)])
    (found,) = find_mentions(clean("", "Then Nora Valtier spoke.", "en"), index)
    assert [(watch.watchlist, watch.version) for watch in found.watches] == [("a", 1), ("b", 3)]


@pytest.mark.parametrize(
    ("name", "kind", "text", "language", "surface"),
    [
        ("Adam Brandis", "PER", "Rozmawiał z Adamem Brandisem wczoraj.", "pl", "Adamem Brandisem"),
        ("Helmont", "ORG", "Zarząd Helmontu milczy.", "pl", "Helmontu"),
        ("Nora Valtier", "PER", "So N. Valtier left.", "en", "N. Valtier"),
        ("Nora Valtier", "PER", "Then Valtier, Nora spoke.", "en", "Valtier, Nora"),
        ("Nora Valtier", "PER", "So Nora J. Valtier left.", "en", "Nora J. Valtier"),
        ("Robert Quarzo", "PER", "Then Bob Quarzo left.", "en", "Bob Quarzo"),
        ("Nora Valtier", "PER", "So Nora Valtjer left.", "en", "Nora Valtjer"),
        ("Sergei Valtonov", "PER", "Puis Sergueï Valtonof parla.", "fr", "Sergueï Valtonof"),
        ("Vladimir Kassarov", "PER", "Потом Владимира Кассарова спросили.", "ru", "Владимира Кассарова"),
        ("Helmont Industries", "ORG", "Then Helrnont Industries fell.", "en", "Helrnont Industries"),
        ("Helmont", "ORG", "Then Hel- mont fell.", "en", "Hel- mont"),
        ("Helmont", "ORG", "Then Hеlmоnt fell.", "en", "Hеlmоnt"),
        ("丰田汽车", "ORG", "丰田汽车公司宣布了。", "zh", "丰田汽车"),
        ("삼성전자", "ORG", "삼성전자가 발표했다.", "ko", "삼성전자가"),
    ],
)
def test_a_changed_name_is_still_found(name: str, kind: EntityType, text: str, language: str, surface: str) -> None:
    assert surfaces(text, entity(name, kind), language=language) == [surface]


@pytest.mark.parametrize(
    "text",
    [
        "So Robert Valtier left.",
        "So Norman Valtier left.",
        "So Nora Valtierson left.",
        "At Nora Valtier Airport it rained.",
        "So Nora left. Valtier too.",
        "So M. Valtier left.",
    ],
)
def test_somebody_elses_name_is_not_hers(text: str) -> None:
    assert surfaces(text, VALTIER) == []


def test_a_company_that_is_somebodys_surname_here_is_nowhere_in_the_text() -> None:
    assert surfaces("So Roy Helmont spoke. Then Helmont left.", HELMONT) == []


def test_what_is_further_off_scores_less() -> None:
    forms = ["Robert Quarzo", "Róbert Quarzo", "R. Quarzo", "Bob Quarzo", "Robert Quarxo", "Robert Qwarxo"]
    scores = [mentions(f"Then {form} left.", entity("Robert Quarzo", "PER"))[0].score for form in forms]
    assert scores == sorted(scores, reverse=True)
