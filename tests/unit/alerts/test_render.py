import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from alerts import render, show
from alerts.notice import Notice
from tests.notices import FETCHED, HEADLINE, copy_in, mention_of, notice

FRENCH_TITLE = "La patronne d’Orvanne Énergie rejoint un concurrent"
FRENCH = notice(
    copy_in(
        "Le Courrier du Soir", FRENCH_TITLE, language="fr", relation="new", link="https://courrier.example/a?b=1&c=2"
    ),
    copy_in("La Dépêche des Alpes", language="fr"),
    copy_in("Handelskurier", language="de"),
    mentions=(
        mention_of("Orvanne Énergie", FRENCH_TITLE, zone="title"),
        mention_of(
            "Claire Vasseur", "le conseil a confirmé que Mme Vasseur quitterait le groupe", "Vasseur", type="PER"
        ),
        mention_of("Helvion", "Le titre de Helvion (HLV) gagnait 4 %.", "HLV", zone="body"),
    ),
    watchlists=("Énergie", "Dirigeants"),
    copy_count=9,
    outlet_count=6,
    language="fr",
    timezone="Europe/Paris",
)
ENGLISH = replace(FRENCH, language="en", timezone="America/New_York", watchlists=("Energy",))


def test_french_mail_text_is_golden() -> None:
    assert render.text(FRENCH) == (
        "La patronne d’Orvanne Énergie rejoint un concurrent\n"
        "\n"
        "Orvanne Énergie (dans le titre)\n"
        "Claire Vasseur (au début du texte)\u00a0:\n"
        "  «\u00a0…le conseil a confirmé que Mme *Vasseur* quitterait le groupe…\u00a0»\n"
        "Helvion (dans le texte)\u00a0:\n"
        "  «\u00a0Le titre de Helvion (*HLV*) gagnait 4 %.\u00a0»\n"
        "\n"
        "Le Courrier du Soir\n"
        "publié le 20 novembre 2023 à 14:58 CET, vu à 15:04\n"
        "aussi dans 5 autres médias\u00a0: La Dépêche des Alpes, Handelskurier (de) et 3 de plus (9 copies en tout)\n"
        "https://courrier.example/a?b=1&c=2\n"
        "\n"
        "-- \n"
        "Vous recevez ce message en raison des listes de veille «\u00a0Énergie\u00a0», «\u00a0Dirigeants\u00a0».\n"
    )


def test_english_mail_text_is_golden() -> None:
    assert render.text(ENGLISH) == (
        "La patronne d’Orvanne Énergie rejoint un concurrent\n"
        "\n"
        "Orvanne Énergie (in the headline)\n"
        "Claire Vasseur (at the beginning):\n"
        "  “…le conseil a confirmé que Mme *Vasseur* quitterait le groupe…”\n"
        "Helvion (in the text):\n"
        "  “Le titre de Helvion (*HLV*) gagnait 4 %.”\n"
        "\n"
        "Le Courrier du Soir\n"
        "published 20 November 2023, 08:58 EST, seen at 09:04\n"
        "also in 5 other outlets: La Dépêche des Alpes, Handelskurier (de) and 3 more (9 copies in all)\n"
        "https://courrier.example/a?b=1&c=2\n"
        "\n"
        "-- \n"
        "You receive this because of the watchlist “Energy”.\n"
    )


def test_mail_html_is_golden() -> None:
    body = render.html(FRENCH).partition("<div ")[2]
    mark = '<mark style="background:#ffe88a;color:#111">'
    assert body == (
        'style="max-width:600px;margin:0 auto">\n'
        '<h1 lang="fr" dir="auto" style="font-size:21px;line-height:1.25;margin:0 0 14px">'
        '<a href="https://courrier.example/a?b=1&amp;c=2" style="color:#0b3d66;text-decoration:none">'
        f"La patronne d’{mark}Orvanne Énergie</mark> rejoint un concurrent</a></h1>\n"
        '<p style="margin:0 0 12px"><b>Orvanne Énergie</b> <span style="color:#666">dans le titre</span></p>\n'
        '<p style="margin:0 0 12px"><b>Claire Vasseur</b> <span style="color:#666">au début du texte</span><br>\n'
        f'<span dir="auto">«\u00a0…le conseil a confirmé que Mme {mark}Vasseur</mark> quitterait le groupe…'
        "\u00a0»</span></p>\n"
        '<p style="margin:0 0 12px"><b>Helvion</b> <span style="color:#666">dans le texte</span><br>\n'
        f'<span dir="auto">«\u00a0Le titre de Helvion ({mark}HLV</mark>) gagnait 4 %.\u00a0»</span></p>\n'
        '<p style="margin:0 0 12px;color:#333"><b>Le Courrier du Soir</b><br>\n'
        "publié le 20 novembre 2023 à 14:58 CET, vu à 15:04<br>\n"
        "aussi dans 5 autres médias\u00a0: La Dépêche des Alpes, Handelskurier (de) et 3 de plus (9 copies en tout)"
        "</p>\n"
        '<p style="margin:16px 0"><a href="https://courrier.example/a?b=1&amp;c=2" style="display:inline-block;'
        'padding:10px 18px;border-radius:6px;background:#0b3d66;color:#fff;text-decoration:none">'
        "Lire l’article</a></p>\n"
        '<p style="margin:20px 0 0;padding-top:10px;border-top:1px solid #ddd;color:#666;font-size:13px">'
        "Vous recevez ce message en raison des listes de veille «\u00a0Énergie\u00a0», «\u00a0Dirigeants\u00a0».</p>\n"
        "</div>\n</body>\n</html>\n"
    )


def test_terminal_page_without_color_is_golden() -> None:
    assert show.page(ENGLISH, FETCHED + timedelta(seconds=2.34), color=False) == (
        "La patronne d’Orvanne Énergie rejoint un concurrent\n"
        "  Orvanne Énergie in the headline\n"
        "  Claire Vasseur at the beginning  “…le conseil a confirmé que Mme Vasseur quitterait le groupe…”\n"
        "  Helvion in the text  “Le titre de Helvion (HLV) gagnait 4 %.”\n"
        "  Le Courrier du Soir · published 20 November 2023, 08:58 EST, seen at 09:04 · 2.3 s after it was fetched\n"
        "  also in 5 other outlets: La Dépêche des Alpes, Handelskurier (de) and 3 more (9 copies in all)\n"
        "  https://courrier.example/a?b=1&c=2\n"
        "  [Energy]\n"
        "\n"
    )


def test_evidence_is_highlighted_on_a_terminal() -> None:
    page = show.page(ENGLISH, FETCHED, color=True)
    assert "\x1b[1;30;43mOrvanne Énergie\x1b[0m" in page
    assert "\x1b[30;43mVasseur\x1b[0m" in page


def test_subject_is_the_headline_when_it_names_the_entity() -> None:
    assert render.subject(notice()) == HEADLINE


def test_subject_names_the_entities_when_the_headline_does_not() -> None:
    told = notice(copy_in("A", "Chief leaves"), mentions=(mention_of("Helvion", "a rival of Helvion"),))
    assert render.subject(told) == "Helvion: Chief leaves"
    assert render.subject(replace(told, language="fr")) == "Helvion\u00a0: Chief leaves"


def test_subject_of_an_endless_headline_is_cut_between_words() -> None:
    subject = render.subject(notice(copy_in("A", "word " * 500)))
    assert len(subject) <= render.LONGEST_SUBJECT
    assert subject.endswith("word…")


def test_headline_keeps_a_name_inside_another_word_unmarked() -> None:
    told = notice(copy_in("A", "Helvion and Helvionics"), mentions=(mention_of("Helvion", "Helvion and Helvionics"),))
    assert render.marked_headline(told) == (("Helvion", True), (" and Helvionics", False))


def test_article_without_title_says_so() -> None:
    assert render.headline(notice(copy_in("A", " \n "))) == "(no headline)"


@pytest.mark.parametrize(
    ("outlets", "copies", "language", "said"),
    [
        (1, 1, "en", ""),
        (1, 3, "en", ""),
        (2, 2, "en", "also in 1 other outlet: B"),
        (2, 2, "fr", "aussi dans un autre média\u00a0: B"),
        (3, 3, "en", "also in 2 other outlets: B and 1 more"),
        (3, 3, "fr", "aussi dans 2 autres médias\u00a0: B et un de plus"),
        (2, 7, "fr", "aussi dans un autre média\u00a0: B (7 copies en tout)"),
    ],
)
def test_other_outlets_are_counted_and_named(outlets: int, copies: int, language: str, said: str) -> None:
    others = (copy_in("B"),) if outlets > 1 else ()
    told = notice(copy_in("A"), *others, outlet_count=outlets, copy_count=copies, language=language)
    assert render.also_in(told) == said


def test_an_outlet_is_named_once_and_never_the_told_one() -> None:
    told = notice(copy_in("A"), copy_in("B"), copy_in("A"), copy_in("B"))
    assert render.also_in(told) == "also in 1 other outlet: B (4 copies in all)"


def test_the_nearest_mention_to_the_title_speaks_for_its_entity() -> None:
    far = mention_of("Helvion", "far Helvion", zone="body", score=1.0)
    near = mention_of("Helvion", "near Helvion", zone="lead", score=0.8)
    assert [reason.quote for reason in render.reasons(notice(mentions=(far, near)))] == ["…near Helvion"]


def test_a_mention_without_quote_shows_the_words_found() -> None:
    bare = replace_quote("", 0, 0)
    assert render.reasons(bare)[0].quote == "Helvion"


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (5, 5), (4, 99), (9, 2)])
def test_offsets_outside_the_quote_never_break_an_alert(start: int, end: int) -> None:
    assert render.reasons(replace_quote("some Helvion", start, end))[0].found == "Helvion"


def replace_quote(quote: str, start: int, end: int) -> Notice:
    mention = mention_of("Helvion", "Helvion")
    return notice(mentions=(msgspec.structs.replace(mention, quote=quote, quote_start=start, quote_end=end),))


def test_times_are_those_of_the_subscribers_wall() -> None:
    told = notice(timezone="Asia/Kolkata")
    assert render.times(told) == "published 20 November 2023, 19:28 IST, seen at 19:34"


def test_a_day_between_publication_and_fetch_is_said() -> None:
    late = notice(copy_in("A", published=FETCHED - timedelta(days=1)), language="fr")
    assert render.times(late) == "publié le 19 novembre 2023 à 14:04 UTC, vu le 20 novembre 2023 à 14:04 UTC"


@pytest.mark.parametrize("published", [None, FETCHED + timedelta(hours=1)])
def test_a_publishers_clock_that_cannot_be_believed_is_not_shown(published: object) -> None:
    assert render.times(notice(copy_in("A", published=published))) == "seen 20 November 2023, 14:04 UTC"


def test_first_of_the_month_is_premier_in_french() -> None:
    told = notice(copy_in("A", published=None, fetched_at=FETCHED.replace(day=1)), language="fr")
    assert render.times(told) == "vu le 1er novembre 2023 à 14:04 UTC"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd"])
def test_an_unknown_zone_falls_back_to_utc(zone: str) -> None:
    assert render.times(notice(timezone=zone)).endswith(
        "13:58 UTC, seen at 14:04".replace("13:58 UTC, ", "13:58 UTC, ")
    )


def test_a_region_of_a_language_speaks_that_language() -> None:
    assert render.times(notice(language="fr-CA")).startswith("publié le")
    assert render.times(notice(language="xx")).startswith("published")


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://a.example/x?y=1#z", "https://a.example/x?y=1#z"),
        (" http://a.example/é ", "http://a.example/%C3%A9"),
        ('https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt://a.example/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example/x", ""),
        ("/x", ""),
        ("https://", ""),
        ("https://bank.example@evil.example/", ""),
        ("https://[::1", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ("", ""),
    ],
)
def test_links_are_http_or_nothing(address: str, safe: str) -> None:
    assert render.link(address) == safe


def test_payload_is_versioned_and_says_what_happened() -> None:
    body = render.payload(FRENCH)
    assert (body["type"], body["schema"], body["timestamp"]) == ("alert.created", 1, "2023-11-20T14:04:06.000Z")
    data = body["data"]
    assert isinstance(data, dict)
    assert data["headline"] == FRENCH_TITLE
    assert [mention["entity"] for mention in data["mentions"]] == ["Orvanne Énergie", "Claire Vasseur", "Helvion"]
    for mention in data["mentions"]:
        assert mention["quote"][mention["quote_start"] : mention["quote_end"]] == mention["alias"]


def test_payload_stays_within_its_limit_whatever_comes() -> None:
    endless = "漢字" * 5000
    copies = tuple(copy_in(f"{endless}{n}", endless, link="https://a.example/" + "é" * 300) for n in range(60))
    mentions = tuple(mention_of(f"{endless}{n}", endless, "漢字") for n in range(60))
    told = notice(*copies, mentions=mentions, watchlists=tuple(endless for _ in range(60)))
    assert len(render.to_bytes(render.payload(told))) <= render.PAYLOAD_LIMIT


def test_line_carries_what_a_follower_counts() -> None:
    line = json.loads(render.to_bytes(render.line(FRENCH, FETCHED + timedelta(seconds=2))))
    wanted = {
        "key": "key-1",
        "watchlists": ["Énergie", "Dirigeants"],
        "entities": ["Orvanne Énergie", "Claire Vasseur", "Helvion"],
        "article": "article-le-courrier-du-soir",
        "title": FRENCH_TITLE,
        "fetched_at": "2023-11-20T14:04:05.000Z",
        "sent_at": "2023-11-20T14:04:07.000Z",
    }
    assert {key: line[key] for key in wanted} == wanted


def test_no_break_spaces_of_a_french_title_stay() -> None:
    assert (
        render.headline(notice(copy_in("A", "Énergie\u00a0: la\n  suite\u202f!"))) == "Énergie\u00a0: la suite\u202f!"
    )
