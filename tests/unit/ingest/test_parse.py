from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.parse import Document, Draft, articles_in
from wire.article import TEXT_LIMIT

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
URL = "https://feeds.example/all/news.xml"


def parsed(name: str) -> Document:
    return articles_in((FEEDS / name).read_bytes(), url=URL)


def rss(items: str) -> Document:
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    return articles_in(body.encode(), url=URL)


def item(**fields: str) -> str:
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</item>"


def only(document: Document) -> Draft:
    (draft,) = document.drafts
    return draft


def seen(document: Document) -> list[tuple[str, str, datetime | None]]:
    return [(draft.title, draft.link, draft.published) for draft in document.drafts]


def test_rss_in_english() -> None:
    document = parsed("harbour_en.rss.xml")

    assert (document.format, document.title, document.language) == ("rss20", "The Harbour Post", "en")
    assert seen(document) == [
        (
            "Ferry & tug collide off Pellow Point; <b>nobody hurt</b>",
            "https://HarbourPost.example:443/news/ferry-tug?id=7&utm_source=rss&utm_medium=feed#comments",
            datetime(2024, 11, 4, 8, 15, tzinfo=UTC),
        ),
        (
            "Council delays vote on the new quay",
            "https://feeds.example/news/quay-vote",
            datetime(2024, 11, 4, 7, tzinfo=UTC),
        ),
        ("No address, no id, but a headline", "", datetime(2024, 11, 3, 18, tzinfo=UTC)),
    ]
    assert document.drafts[0].canonical_url == "https://harbourpost.example/news/ferry-tug?id=7"
    assert document.drafts[0].published_raw == "Mon, 04 Nov 2024 08:15:00 +0000"


def test_atom_in_french() -> None:
    document = parsed("rivage_fr.atom.xml")

    assert (document.format, document.title, document.language) == ("atom10", "Le Rivage", "fr")
    assert seen(document) == [
        (
            "L\u2019<em>éclusier</em> d\u2019Orvanne prend sa retraite",
            "https://rivage.example/une/eclusier-orvanne",
            datetime(2024, 11, 4, 9, tzinfo=UTC),
        ),
        (
            "Le marché aux fleurs change de place",
            "https://rivage.example/marche?xtor=RSS-1",
            datetime(2024, 11, 3, 6, tzinfo=UTC),
        ),
    ]
    assert "au service des bateliers" in document.drafts[0].text
    assert document.drafts[1].canonical_url == "https://rivage.example/marche"


def test_rdf_in_german() -> None:
    document = parsed("talbote_de.rdf.xml")

    assert (document.format, document.title, document.language) == ("rss10", "Der Talbote", "de")
    assert [draft.title for draft in document.drafts] == [
        "Seilbahn über die Grünau öffnet früher",
        "Alte Mühle wird Museum",
    ]
    assert document.drafts[0].published == datetime(2024, 11, 4, 10, tzinfo=UTC)
    assert document.drafts[1].canonical_url == "https://talbote.example/m%C3%BChle"


def test_latin_1_in_spanish() -> None:
    document = parsed("elfaro_es.rss.xml")

    assert document.language == "es"
    assert only(document).title == "La niña que contó las olas del año"
    assert only(document).text == "<p>¿Cuántas olas caben en un año? Ella las contó.</p>"


def test_valid_utf_8_wins_over_a_false_label() -> None:
    body = (FEEDS / "talbote_de.rdf.xml").read_bytes().replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"')

    document = articles_in(body, url=URL, content_type="text/xml; charset=windows-1252")

    assert document.drafts[1].title == "Alte Mühle wird Museum"


def test_one_broken_byte_spoils_one_letter_only() -> None:
    body = (FEEDS / "talbote_de.rdf.xml").read_bytes().replace("größere".encode(), b"gr\xf6\xdfere")

    document = articles_in(body, url=URL)

    assert document.drafts[0].title == "Seilbahn über die Grünau öffnet früher"
    assert "Gäste" in document.drafts[0].text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_byte_order_marks_are_read(encoding: str) -> None:
    body = (FEEDS / "talbote_de.rdf.xml").read_text(encoding="utf-8").replace('encoding="UTF-8"', "").encode(encoding)

    assert articles_in(body, url=URL).drafts[1].title == "Alte Mühle wird Museum"


def test_the_fuller_of_content_and_summary_is_the_text() -> None:
    summary_is_longer = rss(
        '<item xmlns:c="http://purl.org/rss/1.0/modules/content/"><title>t</title>'
        "<description>A long description of it all.</description><c:encoded>Short.</c:encoded></item>"
    )

    assert "The crew" in parsed("harbour_en.rss.xml").drafts[0].text
    assert only(summary_is_longer).text == "A long description of it all."


def test_control_characters_do_not_travel() -> None:
    # U+202E turns the rest of the line around: "gpj.exe" is then shown as "exe.jpg".
    draft = only(rss(item(title="Quay\u202e vote\n\tdelayed&#x7f;", description="One&#x7f;\nTwo\u202e", guid="1")))

    assert draft.title == "Quay vote delayed"
    assert draft.text == "One\nTwo"


def test_markup_is_kept_as_received() -> None:
    draft = only(rss(item(title="&lt;img src=x onerror=y&gt; Quay", description="&lt;script&gt;x&lt;/script&gt;")))

    assert draft.title == "<img src=x onerror=y> Quay"
    assert draft.text == "<script>x</script>"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///tmp/x", "mailto:a@b.example"])
def test_no_link_is_one_that_browsers_run(link: str) -> None:
    assert only(rss(item(title="t", link=link, guid="1"))).link == ""


def test_a_guid_that_is_an_address_serves_as_link() -> None:
    assert only(rss(item(title="t", guid="https://a.example/1"))).link == "https://a.example/1"


def test_huge_fields_are_cut() -> None:
    draft = only(rss(item(title="t" * 300_000, description="é" * TEXT_LIMIT, guid="g" * 9000)))

    assert len(draft.title) == 2000
    assert len(draft.text.encode()) == TEXT_LIMIT
    assert draft.truncated


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 99 Foo 2024", "0000-00-00"])
def test_a_date_that_is_none_is_none(date: str) -> None:
    draft = only(rss(item(title="t", pubDate=date)))

    assert draft.published is None
    assert draft.published_raw == date


def test_ill_formed_xml_still_gives_its_articles() -> None:
    document = rss("<item><title>Fish & chips &nbsp; rise</title><guid>1</guid></item><item><title>Next</title>")

    assert [draft.title for draft in document.drafts] == ["Fish & chips rise", "Next"]


@pytest.mark.parametrize("body", [b"", b"hello", b"<html><body>Please log in</body></html>", b"/dev/zero", b'{"a": 1}'])
def test_what_is_no_feed_has_no_format(body: bytes) -> None:
    assert articles_in(body, url=URL) == Document(format="")


def test_a_feed_may_be_empty() -> None:
    assert rss("").format == "rss20"
    assert rss("").drafts == ()


@pytest.mark.parametrize(
    "body",
    [
        '<rss version="2.0"><channel><title>The Harbour Post</title>',
        '<rss version="2.0"><channel><title>T</title><it',
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</titel></feed>',
    ],
)
def test_a_broken_document_without_articles_tells_its_flaw(body: str) -> None:
    document = articles_in(body.encode(), url=URL)

    assert document.drafts == ()
    assert document.format
    assert document.flaw in {"no element found", "unclosed token", "mismatched tag"}


def test_only_broken_xml_is_a_flaw_and_only_where_no_article_was_found() -> None:
    cut = b'<rss version="2.0"><channel><item><title>Ferry stuck</title></item><item><ti'

    assert articles_in(cut, url=URL).drafts
    assert articles_in(cut, url=URL).flaw == ""
    assert rss("").flaw == ""
    mislabelled = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>É</title></channel></rss>'
    assert articles_in(mislabelled.encode("latin-1"), url=URL, content_type="text/plain").flaw == ""


def test_the_same_item_twice_is_one_article_in_its_later_wording() -> None:
    early = item(guid="1", link="https://a.example/1", title="Fire", pubDate="Mon, 04 Nov 2024 08:00:00 GMT")
    late = item(guid="1", link="https://a.example/1", title="Fire out", pubDate="Mon, 04 Nov 2024 09:00:00 GMT")

    for document in (rss(early + late), rss(late + early)):
        assert only(document).title == "Fire out"
        assert not only(document).shared


def test_one_guid_over_several_addresses_is_several_articles() -> None:
    one = item(guid="1", link="https://a.example/1", title="Fire")
    other = item(guid="1", link="https://a.example/2", title="Flood")

    drafts = rss(one + other).drafts

    assert {(draft.title, draft.shared) for draft in drafts} == {("Fire", True), ("Flood", True)}
    assert len({draft.place for draft in drafts}) == 2


def test_one_guid_and_address_over_other_words_is_several_articles() -> None:
    one = item(guid="1", link="https://a.example/", title="Fire", description="It burns.")
    other = item(guid="1", link="https://a.example/", title="Flood", description="It rains.")

    drafts = rss(one + other).drafts

    assert {draft.title for draft in drafts} == {"Fire", "Flood"}
    assert {draft.place for draft in drafts} == {draft.place for draft in rss(other + one).drafts}


def test_revision_follows_words_not_markup() -> None:
    plain = only(rss(item(title="Fire", description="It &lt;b&gt;burns&lt;/b&gt;.")))
    restyled = only(rss(item(title="Fire", description="It  &lt;i class='x'&gt;burns&lt;/i&gt;.")))
    reworded = only(rss(item(title="Fire", description="It &lt;b&gt;burnt&lt;/b&gt;.")))

    assert plain.revision == restyled.revision
    assert plain.revision != reworded.revision


def test_external_entities_are_not_fetched() -> None:
    body = (
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        b'<rss version="2.0"><channel><item><title>a&x;b</title><guid>1</guid></item></channel></rss>'
    )

    assert only(articles_in(body, url=URL)).title in ("ab", "a&x;b")
