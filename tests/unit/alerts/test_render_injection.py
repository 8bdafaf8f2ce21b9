"""Titles, outlets, names and quotes come from strangers: nothing active may survive any renderer."""

import json
import unicodedata
from html.parser import HTMLParser

import pytest

from alerts import render, show
from alerts.notice import Notice
from tests.notices import FETCHED, copy_in, mention_of, notice

CORPUS = [
    "<script>alert(1)</script>",
    "</h1></a><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    "<a href=javascript:alert(1)>click</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{notice.__class__} {address} %s %(x)s {{7*7}} ${7*7}",
    "[bold red]shout[/] [link=https://evil.example]here[/link]",
    "line\r\nBcc: everybody@evil.example",
    "line\nSubject: another",
    "bell\x07 escape\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "nul\x00 delete\x7f c1\x9b31m",
    "right-to-left \u202egnp.exe\u202c \u2066isolated\u2069 \u200fmark",
    "invisible\u200bspace \ufeffbom soft\u00adhyphen \U000e0041tag",
    "line\u2028separator\u2029paragraph\x85next",
    "lone \ud800 surrogate",
    "=cmd|' /C calc'!A0",
    "@everyone <!channel> <@U123> *bold* _it_ `code`",
]


class Tags(HTMLParser):
    """Every tag with its attributes, as a mail program would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def told_with(words: str) -> Notice:
    return notice(
        copy_in(f"A {words}", f"Helvion {words}", language=words, link=f"https://a.example/{words}"),
        copy_in(f"B {words}", words, link=words),
        mentions=(mention_of(f"Helvion {words}", f"{words} Helvion {words}", "Helvion"),),
        watchlists=(f"list {words}",),
    )


def tags_of(told: Notice) -> Tags:
    tags = Tags()
    tags.feed(render.html(told))
    return tags


@pytest.mark.parametrize("words", CORPUS)
def test_html_has_the_same_tags_whatever_the_words(words: str) -> None:
    assert set(tags_of(told_with(words)).seen) == set(tags_of(told_with("harmless")).seen)


@pytest.mark.parametrize("words", CORPUS)
def test_html_links_lead_to_http_only(words: str) -> None:
    links = tags_of(told_with(words)).links
    assert links
    assert all(link.startswith("https://a.example/") for link in links)


def shown(told: Notice) -> dict[str, str]:
    """What each renderer writes, line ends that it makes itself taken out."""
    return {
        "subject": render.subject(told),
        "text": render.text(told).replace("\n", ""),
        "html": render.html(told).replace("\n", ""),
        "terminal": show.page(told, FETCHED, color=False).replace("\n", ""),
        "payload": "".join(texts_in(render.payload(told))),
        "line": "".join(texts_in(render.line(told, FETCHED))),
    }


def texts_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("words", CORPUS)
def test_no_control_or_bidirectional_character_leaves_a_renderer(words: str) -> None:
    for renderer, written in shown(told_with(words)).items():
        acting = [character for character in written if unicodedata.category(character) in {"Cc", "Cf", "Cs"}]
        assert not acting, f"{renderer}: {acting}"


@pytest.mark.parametrize("words", CORPUS)
def test_color_on_a_terminal_is_ours_alone(words: str) -> None:
    harmless = show.page(told_with("harmless"), FETCHED, color=True)
    page = show.page(told_with(words), FETCHED, color=True)
    assert set(escapes(page)) <= set(escapes(harmless))


def escapes(page: str) -> list[str]:
    return [piece.partition("m")[0] for piece in page.split("\x1b")[1:]]


@pytest.mark.parametrize("words", CORPUS)
def test_a_subject_is_one_line(words: str) -> None:
    assert len(render.subject(told_with(words)).splitlines()) == 1


@pytest.mark.parametrize("words", CORPUS)
def test_json_is_one_line_and_readable(words: str) -> None:
    written = render.to_bytes(render.line(told_with(words), FETCHED))
    assert b"\n" not in written
    assert json.loads(written)["key"] == "key-1"


def test_markup_of_the_terminal_library_stays_words() -> None:
    assert "[bold red]shout[/]" in show.page(told_with("[bold red]shout[/]"), FETCHED, color=False)
