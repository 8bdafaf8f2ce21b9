import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.identity import absolute_link, canonical_url, identity_of, is_front_page

BASE = "https://paper.example/feeds/all.xml"


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("HTTPS://News.Example/Path", "https://news.example/Path"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80/a", "http://news.example/a"),
        ("http://news.example:8080/a", "http://news.example:8080/a"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a#top", "https://news.example/a"),
        ("https://news.example/#!/story/7", "https://news.example/#!/story/7"),
        ("https://news.example/#/story/7", "https://news.example/#/story/7"),
        ("https://news.example/a?utm_source=rss&id=7&fbclid=x", "https://news.example/a?id=7"),
        ("https://news.example/a?UTM_Campaign=x", "https://news.example/a"),
        ("https://news.example/a?at_medium=RSS&at_campaign=KARANGA", "https://news.example/a"),
        ("https://news.example/a?b=2&a=1", "https://news.example/a?b=2&a=1"),
        ("https://news.example/a?", "https://news.example/a"),
        ("https://news.example/caf\u00e9", "https://news.example/caf%C3%A9"),
        ("https://news.example/caf%C3%A9", "https://news.example/caf%C3%A9"),
        ("http://[2001:DB8::1]:80/a", "http://[2001:db8::1]/a"),
        ("ftp://news.example/a", ""),
        ("https://news.example:port/a", ""),
        ("https://[broken/a", ""),
        ("", ""),
    ],
)
def test_one_address_for_all_the_ways_to_link_it(link: str, canonical: str) -> None:
    assert canonical_url(link) == canonical


@given(st.text())
def test_canonical_is_its_own_canonical(link: str) -> None:
    once = canonical_url(absolute_link(link, BASE))

    assert canonical_url(once) == once


@given(st.text(max_size=60))
def test_a_tracker_makes_no_other_page(value: str) -> None:
    link = absolute_link("/story?id=1", BASE)
    tracked = f"{link}&utm_term={value.replace('&', '').replace('#', '')}"

    assert canonical_url(tracked) == canonical_url(link)


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("story", "https://paper.example/feeds/story"),
        ("/story", "https://paper.example/story"),
        ("//cdn.example/story", "https://cdn.example/story"),
        ("https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&b=2"),
        ("  https://a.example/x\n", "https://a.example/x"),
        ("https://a.example/a\tb", "https://a.example/ab"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ("https://[nonsense", ""),
    ],
)
def test_links_are_made_absolute_and_safe(link: str, absolute: str) -> None:
    assert absolute_link(link, BASE) == absolute


def test_the_ladder_of_identities() -> None:
    page = "https://a.example/1"

    assert identity_of("7", page, "t", "d", "r") == "guid 7"
    assert identity_of("", page, "t", "d", "r") == "link //a.example/1"
    assert identity_of("", "", "t", "d", "r") == "title t\nd"
    assert identity_of("", "https://a.example/", "t", "d", "r") == "title t\nd"
    assert identity_of("", "", "", "", "r") == "text r"


def test_https_is_no_new_identity() -> None:
    assert identity_of("http://a.example/1", "", "", "", "") == identity_of("https://a.example/1", "", "", "", "")
    assert identity_of("", "http://a.example/1", "", "", "") == identity_of("", "https://a.example/1", "", "", "")


@pytest.mark.parametrize("url", ["https://a.example/", "https://a.example"])
def test_a_front_page_is_no_article(url: str) -> None:
    assert is_front_page(url)


@pytest.mark.parametrize("url", ["https://a.example/x", "https://a.example/?p=7", "https://a.example/#!/x"])
def test_a_page_is_no_front_page(url: str) -> None:
    assert not is_front_page(url)
