import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.error import HTTPError

import feedparser
import pytest

from newswatch.newsroom.content import read_newsroom
from newswatch.newsroom.server import Clock, Server

NEWSROOM = read_newsroom()
FEED = "tidewater"


class SetClock(Clock):
    """Stands wherever the test puts it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = -1.0

    @property
    def opened(self) -> datetime:
        return datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    @property
    def second(self) -> float:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def server(clock: SetClock) -> Iterator[Server]:
    with Server(NEWSROOM, clock=clock) as server:
        yield server


def get(server: Server, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(
        f"{server.base}{path}", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def titles(server: Server) -> list[str]:
    return [entry.title for entry in feedparser.parse(get(server, f"/feeds/{FEED}.xml")[1]).entries]


def test_only_the_archive_is_there_until_the_clock_runs(server: Server) -> None:
    archive = {item.title for item in NEWSROOM.items if item.feed == FEED and item.at < 0}
    assert set(titles(server)) == archive


def test_items_appear_in_their_second(server: Server, clock: SetClock) -> None:
    before = len(titles(server))
    clock.at = 0.99
    assert len(titles(server)) == before
    clock.at = 1.0
    assert len(titles(server)) == before + 1


def test_unchanged_feed_answers_304_to_both_validators_and_to_each(server: Server) -> None:
    status, body, headers = get(server, f"/feeds/{FEED}.xml")
    etag, date = headers["ETag"], headers["Last-Modified"]
    assert status == HTTPStatus.OK
    assert body
    path = f"/feeds/{FEED}.xml"
    assert get(server, path, If_None_Match=etag, If_Modified_Since=date)[:2] == (HTTPStatus.NOT_MODIFIED, b"")
    assert get(server, path, If_None_Match=etag)[0] == HTTPStatus.NOT_MODIFIED
    assert get(server, path, If_Modified_Since=date)[0] == HTTPStatus.NOT_MODIFIED


def test_changed_feed_answers_with_new_validators(server: Server, clock: SetClock) -> None:
    path = f"/feeds/{FEED}.xml"
    old = get(server, path)[2]
    clock.at = 1.0
    status, _, new = get(server, path, If_None_Match=old["ETag"], If_Modified_Since=old["Last-Modified"])
    assert status == HTTPStatus.OK
    assert new["ETag"] != old["ETag"]
    assert new["Last-Modified"] != old["Last-Modified"]


def test_two_items_in_one_second_are_told_apart_by_the_etag(server: Server, clock: SetClock) -> None:
    path = "/feeds/northmoor.xml"
    clock.at = 16.0
    old = get(server, path)[2]
    clock.at = 16.5
    assert get(server, path, If_None_Match=old["ETag"], If_Modified_Since=old["Last-Modified"])[0] == HTTPStatus.OK


def test_senseless_date_is_no_error(server: Server) -> None:
    assert get(server, f"/feeds/{FEED}.xml", If_Modified_Since="yesterday")[0] == HTTPStatus.OK


def test_articles_have_pages_once_they_are_published(server: Server, clock: SetClock) -> None:
    assert get(server, "/news/orvane-deal-1")[0] == HTTPStatus.NOT_FOUND
    clock.at = 1.0
    status, page, _ = get(server, "/news/orvane-deal-1?utm_source=feed")
    assert status == HTTPStatus.OK
    assert "Orvane Robotics" in page.decode()


def test_unknown_page_is_not_found(server: Server) -> None:
    assert get(server, "/feeds/nothing.xml")[0] == HTTPStatus.NOT_FOUND
    assert get(server, "/")[0] == HTTPStatus.NOT_FOUND


def test_feed_counts_as_read_with_its_second_poll(server: Server) -> None:
    assert len(server.unread()) == len(NEWSROOM.feeds)
    get(server, f"/feeds/{FEED}.xml")
    assert len(server.unread()) == len(NEWSROOM.feeds)
    get(server, f"/feeds/{FEED}.xml")
    assert len(server.unread()) == len(NEWSROOM.feeds) - 1


def test_item_is_visible_from_its_second_on(server: Server, clock: SetClock) -> None:
    item = next(item for item in NEWSROOM.items if item.at == 1)
    assert server.visible_at(item) == clock.opened + timedelta(seconds=1)


def test_clock_stands_until_it_is_opened() -> None:
    clock = Clock()
    assert clock.second < 0
    clock.open()
    assert 0 <= clock.second < 1
    assert abs(clock.opened - datetime.now(UTC)) < timedelta(seconds=1)
