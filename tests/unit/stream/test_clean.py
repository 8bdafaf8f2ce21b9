"""The title counts once, and what is not the story is marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.clean import CleanArticle, clean
from tests.newsdesk import COLUMN_TEXT, COLUMN_TITLE
from wire.messages import Zone

HEADLINE = "Harbour pilots accept the new night rota"


def zone_of(article: CleanArticle, words: str) -> Zone:
    return article.text.zone_at(article.text.text.index(words))


@pytest.mark.parametrize(
    "title",
    [
        HEADLINE,
        f"{HEADLINE} - {HEADLINE} - {HEADLINE}",
        f"{HEADLINE}\n{HEADLINE}\n-\n{HEADLINE}",
        f"{HEADLINE} | The Harbour Times",
        f"{HEADLINE} - harbour.com",
        f"{HEADLINE} – Tideway",
        f"  {HEADLINE.replace(' ', '  ')} ",
    ],
)
def test_a_title_is_repaired(title: str) -> None:
    assert clean(title, "", "en", outlet="Tideway").headline == HEADLINE


def test_a_title_with_its_own_dash_is_repaired_when_it_repeats() -> None:
    title = "Pilots accept - and sail"
    assert clean(f"{title} - {title} - {title}", "", "en").headline == title


def test_a_title_without_a_word_has_no_echo() -> None:
    assert clean("- " * 20, "-\n- -\nThe vote was close, said the harbour office.", "en").headline == ""


def test_a_dash_inside_a_title_is_no_outlet() -> None:
    assert clean("Harbour pilots - and their dogs", "", "en").headline == "Harbour pilots - and their dogs"


def test_the_titles_repeats_and_outlet_are_boilerplate() -> None:
    title = clean(f"{HEADLINE} | The Harbour Times", "", "en").title
    assert title.zone_at(title.text.index("Harbour pilots")) == "title"
    assert title.zone_at(title.text.index("Times")) == "boilerplate"


def test_echoes_of_the_title_in_the_text_are_marked() -> None:
    article = clean(
        HEADLINE, f"{HEADLINE}\n-\n{HEADLINE.upper()}\n\nThe vote was close, said the harbour office.", "en"
    )
    assert article.text.zone_at(0) == "title"
    assert zone_of(article, "HARBOUR") == "title"
    assert zone_of(article, "The vote") == "lead"


@pytest.mark.parametrize(
    "line",
    [
        "Read more: Oldquist opens a second mill",
        "Sign up for our morning newsletter",
        "© 2026 The Harbour Times. All rights reserved.",
        "NEXT Oldquist opens a second mill",
        "En savoir plus sur Oldquist",
        "À lire aussi : Oldquist ouvre un second moulin",
        "Lesen Sie auch: Oldquist eröffnet eine zweite Mühle",
        "Mehr zum Thema: Oldquist",
        "Leer más: Oldquist abre un segundo molino",
        "También te puede interesar: Oldquist",
        "Reporting by Oldquist; editing by somebody else",
    ],
)
def test_promo_lines_are_boilerplate(line: str) -> None:
    text = f"The vote was close, said the harbour office on Monday.\n\nNobody spoke against it.\n\n{line}"
    assert zone_of(clean(HEADLINE, text, None), line) == "boilerplate"


def test_teasers_behind_the_last_cue_are_boilerplate() -> None:
    text = (
        "The vote was close, said the harbour office.\n\nRelated stories:\nOldquist opens a mill\nA bridge for Sallow"
    )
    article = clean(HEADLINE, text, "en")
    assert zone_of(article, "Oldquist") == zone_of(article, "A bridge") == "boilerplate"


@pytest.mark.parametrize(
    "line", ["Next, the court will hear Oldquist.", "Oldquist told readers more.", "Video helped."]
)
def test_sentences_that_only_sound_like_promos_are_the_story(line: str) -> None:
    assert zone_of(clean(HEADLINE, f"The vote was close, said the harbour office.\n\n{line}", "en"), line) == "body"


def test_the_agency_before_the_first_words_is_boilerplate() -> None:
    article = clean(HEADLINE, "Reuters — The vote was close, said the harbour office on Monday.", "en")
    assert (article.text.zone_at(0), zone_of(article, "The vote")) == ("boilerplate", "lead")


def test_the_first_paragraph_is_the_lead_and_the_rest_the_body() -> None:
    article = clean(HEADLINE, "The vote was close, said the harbour office.\n\nNobody spoke against it.", "en")
    assert (zone_of(article, "The vote"), zone_of(article, "Nobody")) == ("lead", "body")


def test_the_column_is_read_as_a_person_would() -> None:
    article = clean(f"{COLUMN_TITLE} - {COLUMN_TITLE} - {COLUMN_TITLE}", COLUMN_TEXT, None, outlet="Méridiane")
    assert article.headline == COLUMN_TITLE
    assert article.language == "fr"
    assert zone_of(article, "Méridiane") == "boilerplate"
    assert zone_of(article, "Au terme") == "lead"
    assert zone_of(article, "Brandis a promis") == "body"
    assert zone_of(article, "En savoir plus") == zone_of(article, "Ficelles") == "boilerplate"


@pytest.mark.parametrize(
    ("hint", "text", "language"),
    [
        ("fr-CA", "The vote was close.", "fr"),
        ("eng", "", "en"),
        (None, "Die Abstimmung im Hafen war knapp, sagte ein Sprecher der Behörde am Montag.", "de"),
        ("", "La votación en el puerto fue reñida, dijo el lunes un portavoz de la autoridad.", "es"),
        (None, "", "und"),
        ("und", "12 + 30", "und"),
    ],
)
def test_the_language_is_the_hint_or_what_the_text_says(hint: str | None, text: str, language: str) -> None:
    assert clean("", text, hint).language == language


@given(st.text(), st.text(alphabet="Nora Valtier\n-—|.<p>&amp;\u00adNEXTé"))
def test_zones_cover_any_text_without_gaps(title: str, text: str) -> None:
    article = clean(title, text, "en")
    for field in (article.title, article.text):
        ends = [0, *(span.end for span in field.zones)]
        assert [span.start for span in field.zones] == ends[:-1]
        assert ends[-1] == len(field.text)
