"""The poller's process, a real Kafka, and feeds on loopback: what is fetched is never lost, whatever dies."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from newswatch.broker import Broker, free_port
from wire.article import Article, topic_key
from wire.codec import decode
from wire.dead import letter_of
from wire.kafka import Admin, Incoming, LogReader
from wire.settings import Settings
from wire.topics import ARTICLES, Topic, dead

Found = TypeVar("Found")


class Kafka(Protocol):
    """Where a broker is."""

    @property
    def bootstrap(self) -> str: ...


class Site:
    """A publisher on loopback, with validators as they should be. `slow` are paths that never answer."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}
        self.slow: set[str] = set()
        self.requests: list[tuple[str, int]] = []
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._pages())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def show(self, path: str, *titles: str, text: str = "Text.") -> None:
        """Put a feed of these titles, each its own article, at `path`."""
        items = "".join(
            f"<item><guid isPermaLink='false'>{path}{number}</guid><title>{title}</title>"
            f"<link>https://paper.example{path}/{number}</link><description>{text}</description></item>"
            for number, title in enumerate(titles)
        )
        self.documents[path] = f'<rss version="2.0"><channel><title>Paper</title>{items}</channel></rss>'

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def statuses(self, path: str) -> list[int]:
        return [status for asked, status in self.requests if asked == path]

    def _pages(site) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # the handler's self is another
        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path in site.slow:
                    site._over.wait(30)
                body = site.documents.get(self.path, "").encode()
                etag = f'"{sha256(body).hexdigest()}"'
                status = 404 if not body else 304 if self.headers["If-None-Match"] == etag else 200
                site.requests.append((self.path, status))
                self.send_response(status)
                self.send_header("ETag", etag)
                self.send_header("Content-Length", str(len(body) if status == 200 else 0))
                self.end_headers()
                if status == 200:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
                return

        return Pages


class Newsdesk:
    """A home folder with its feeds file, its pollers and what they put on Kafka."""

    def __init__(self, home: Path, bootstrap: str, prefix: str) -> None:
        self.home = home
        self.port = free_port()
        self.settings = Settings(home=home, kafka=bootstrap, kafka_prefix=prefix)
        self.environment = {
            **os.environ,
            "NEWSWATCH_HOME": str(home),
            "NEWSWATCH_KAFKA": bootstrap,
            "NEWSWATCH_KAFKA_PREFIX": prefix,
            "NEWSWATCH_ALLOW_PRIVATE": "127.0.0.1",
            "NEWSWATCH_OWN_HOSTS": "127.0.0.1",
            "NEWSWATCH_POLL_INTERVAL": "0.2",
            "NEWSWATCH_POLL_TIMEOUT": "10",
            "NEWSWATCH_PORT": str(self.port),
        }

    def follow(self, *urls: str) -> None:
        (self.home / "feeds.yaml").write_text("".join(f"- url: {url}\n" for url in urls))

    def start(self) -> "subprocess.Popen[bytes]":
        log = (self.home / "poll.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "newswatch", "run", "poll"], env=self.environment, stderr=log, stdout=log
            )

    @contextlib.contextmanager
    def polling(self) -> Iterator["subprocess.Popen[bytes]"]:
        process = self.start()
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def log(self) -> str:
        return (self.home / "poll.log").read_text()

    def page(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def memories(self) -> dict[str, sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(self.home / "ingest.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            return {row["feed"]: row for row in connection.execute("SELECT * FROM ingest_feeds")}


class Log:
    """What stands on a topic, as it grows."""

    def __init__(self, settings: Settings, topic: Topic = ARTICLES) -> None:
        self.records: list[Incoming] = []
        self._reader = LogReader(settings, topic)

    def wait_for(self, count: int) -> list[Incoming]:
        """The records once there are `count`."""
        until(lambda: len(self._read()) >= count, f"{count} records, got {len(self.records)}")
        return self.records

    def articles(self, count: int) -> list[Article]:
        return [decode(Article, record.value or b"") for record in self.wait_for(count)]

    def stays_at(self, count: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read()
        return len(self.records) == count

    def close(self) -> None:
        self._reader.close()

    def _read(self) -> list[Incoming]:
        self.records += self._reader.poll(0.1)
        return self.records


def until(holds: Callable[[], Found], what: str, seconds: float = 60.0) -> Found:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.05)
    pytest.fail(f"not within {seconds} s: {what}")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def desk(tmp_path: Path, broker: Kafka, kafka_prefix: str) -> Newsdesk:
    desk = Newsdesk(tmp_path, broker.bootstrap, kafka_prefix)
    with Admin(desk.settings) as admin:
        admin.create_topics()
    return desk


@pytest.fixture
def log(desk: Newsdesk) -> Iterator[Log]:
    log = Log(desk.settings)
    yield log
    log.close()


def test_news_reaches_kafka_and_only_the_first_poll_is_backfill(site: Site, desk: Newsdesk, log: Log) -> None:
    site.show("/a", "Harbour opens")
    desk.follow(site.url + "/a")
    with desk.polling():
        (first,) = log.articles(1)
        until(lambda: 304 in site.statuses("/a"), "a conditional answer")
        site.show("/a", "Harbour opens", "Harbour closes")
        _, second = log.articles(2)
        site.show("/a", "Harbour opens late", "Harbour closes")
        *_, third = log.articles(3)
        until(lambda: 'newswatch_articles_ingested_total{event="updated"} 1.0' in desk.page("/metrics"), "the count")
        assert desk.page("/readyz") == "ready\n"
        assert log.stays_at(3, 1.0)

    assert (first.title, first.event, first.backfill) == ("Harbour opens", "new", True)
    assert (second.title, second.event, second.backfill) == ("Harbour closes", "new", False)
    assert (third.title, third.event, third.backfill) == ("Harbour opens late", "updated", False)
    assert (third.id, third.first_seen) == (first.id, first.first_seen)
    assert third.revision != first.revision
    assert [record.key for record in log.records] == [
        topic_key(article.canonical_url) for article in (first, second, third)
    ]


def test_a_restart_repeats_nothing(site: Site, desk: Newsdesk, log: Log) -> None:
    site.show("/a", "One", "Two")
    desk.follow(site.url + "/a")
    with desk.polling() as process:
        log.wait_for(2)
        until(lambda: 304 in site.statuses("/a"), "a moved state")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    asked = len(site.requests)
    with desk.polling():
        until(lambda: len(site.requests) > asked + 2, "polls after the restart")
        assert log.stays_at(2, 1.0)

    assert set(site.statuses("/a")[asked:]) == {304}


def test_a_poller_killed_between_acknowledgement_and_state_repeats_under_the_same_id(
    site: Site, desk: Newsdesk, log: Log
) -> None:
    site.show("/a", "One")
    desk.follow(site.url + "/a")
    with desk.polling() as process:
        log.wait_for(1)
        until(lambda: 304 in site.statuses("/a"), "a moved state")
        # Whoever holds the database keeps the state from moving, while articles still get through.
        holder = sqlite3.connect(desk.home / "ingest.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        site.show("/a", "One", "Two", "Three")
        log.wait_for(3)
        process.kill()
        process.wait()
        holder.execute("ROLLBACK")
        holder.close()
    with desk.polling():
        articles = log.articles(5)
        assert log.stays_at(5, 1.0)

    assert [(article.id, article.revision) for article in articles[1:3]] == [
        (article.id, article.revision) for article in articles[3:5]
    ]
    assert not any(article.backfill for article in articles[1:])


def test_no_article_is_lost_however_often_the_poller_is_killed(site: Site, desk: Newsdesk, log: Log) -> None:
    rounds, dice = 8, random.Random(7)
    paths = [f"/{name}" for name in "abcd"]
    desk.follow(*(site.url + path for path in paths))
    for number in range(1, rounds + 1):
        for path in paths:
            site.show(path, *(f"{path} story {n}" for n in range(number * 15)))
        asked = len(site.requests)
        with desk.polling():
            until(lambda before=asked: len(site.requests) > before, "a poll")  # type: ignore[misc]  # this round's start
            time.sleep(dice.random() * 1.5)
    with desk.polling():
        whole = len(paths) * rounds * 15
        until(lambda: len({article.id for article in log.articles(0)}) >= whole, f"{whole} articles")

    articles = log.articles(whole)
    assert len({article.id for article in articles}) == whole
    assert {article.title for article in articles} == {
        f"{path} story {n}" for path in paths for n in range(rounds * 15)
    }
    assert len({(article.id, article.revision) for article in articles}) == whole


@pytest.mark.timeout(300)  # starts two brokers
def test_while_kafka_is_away_no_state_moves_and_then_polling_goes_on(site: Site, tmp_path: Path) -> None:
    with Broker.start(tmp_path / "kafka", port=free_port()) as first:
        desk = Newsdesk(tmp_path, first.bootstrap, "away.")
        with Admin(desk.settings) as admin:
            admin.create_topics()
        site.show("/a", "One")
        desk.follow(site.url + "/a", site.url + "/b")
        poller = desk.start()
        try:
            until(lambda: 304 in site.statuses("/a"), "a moved state")
            first.kill()
            before = desk.memories()["127.0.0.1-" + site.url.rpartition(":")[2] + "-a"]
            site.show("/a", "One", "Two")
            until(lambda: "kafka is away" in desk.log(), "a pause")
            asked = len(site.requests)
            time.sleep(2)
            assert len(site.requests) == asked
            after = desk.memories()[before["feed"]]
            assert (after["etag"], after["body_hash"]) == (before["etag"], before["body_hash"])
            assert poller.poll() is None
            with Broker.start(tmp_path / "kafka", port=int(first.bootstrap.rpartition(":")[2])):
                log = Log(desk.settings)
                assert {article.title for article in log.articles(2)} == {"One", "Two"}
                until(lambda: len(site.requests) > asked + 2, "polls")
                poller.terminate()
                assert poller.wait(timeout=10) == 0
                log.close()
        finally:
            poller.kill()
            poller.wait()


def test_what_the_broker_refuses_goes_to_the_dead_letters(
    site: Site, tmp_path: Path, broker: Kafka, kafka_prefix: str
) -> None:
    desk = Newsdesk(tmp_path, broker.bootstrap, kafka_prefix)
    with Admin(desk.settings) as admin:
        admin.create_topics([replace(ARTICLES, max_message_bytes=1000), dead(ARTICLES)])
    noise = random.Random(1).randbytes(150_000).hex()  # no compression makes it small enough
    site.show("/large", "Large", text=noise)
    site.show("/small", "Small")
    desk.follow(site.url + "/large", site.url + "/small")
    log, letters = Log(desk.settings), Log(desk.settings, dead(ARTICLES))
    with desk.polling():
        (small,) = log.articles(1)
        letter = letter_of(letters.wait_for(1)[0])
        until(lambda: 304 in site.statuses("/large"), "a moved state")
        assert letters.stays_at(1, 1.0)

    assert small.title == "Small"
    assert (letter.reason, letter.topic, letter.program) == ("refused", "articles", "poll")
    assert "bytes are more than the topic articles takes" in letter.detail
    assert decode(Article, letter.value).title == "Large"
    log.close()
    letters.close()


def test_an_edited_list_is_followed_and_a_broken_one_is_not(site: Site, desk: Newsdesk, log: Log) -> None:
    site.show("/a", "One")
    site.show("/b", "Two")
    desk.follow(site.url + "/a")
    with desk.polling():
        log.wait_for(1)
        (desk.home / "feeds.yaml").write_text(f"- url: {site.url}/a\n- url:\n")
        until(lambda: "feeds.yaml:2" in desk.log(), "a complaint")
        site.show("/a", "One", "Three")
        log.wait_for(2)
        desk.follow(site.url + "/a", site.url + "/b")
        assert {article.title for article in log.articles(3)} == {"One", "Two", "Three"}

    assert desk.log().count("feeds file has mistakes") == 1


def test_feeds_that_hang_or_break_hold_nobody_back(site: Site, desk: Newsdesk, log: Log) -> None:
    site.slow.add("/slow")
    site.documents["/page"] = "<!DOCTYPE html><html><body>Log in</body></html>"
    site.documents["/other"] = "{}"
    site.documents["/cut"] = '<rss version="2.0"><channel><title>Cut off</title>'
    site.show("/good", "One")
    desk.follow(*(site.url + path for path in ("/slow", "/page", "/other", "/cut", "/missing", "/good")))
    with desk.polling():
        log.wait_for(1)
        site.show("/good", "One", "Two")
        log.wait_for(2)
        errors = until(lambda: {f: m["error"] for f, m in desk.memories().items() if m["error"]}, "errors")
        until(lambda: len([m for m in desk.memories().values() if m["error"]]) == 4, "four failing feeds")
        errors = {name.rpartition("-")[2]: memory["error"] for name, memory in desk.memories().items()}

    assert errors == {"page": "html", "other": "not_a_feed", "cut": "malformed", "missing": "not_found", "good": ""}
    assert desk.log().count("feed failed") == 4


def test_a_feed_that_kills_its_parser_fails_alone(site: Site, desk: Newsdesk, log: Log) -> None:
    attributes = " ".join(f'a{number}="{number}"' for number in range(60_000))
    site.documents["/flood"] = f'<rss version="2.0"><channel><item {attributes}></item></channel></rss>'
    site.show("/good", "One")
    desk.follow(site.url + "/flood", site.url + "/good")
    with desk.polling():
        log.wait_for(1)
        until(lambda: any(memory["error"] == "unreadable" for memory in desk.memories().values()), "a failing feed")


def test_a_missing_list_ends_the_start_with_advice(desk: Newsdesk) -> None:
    with desk.polling() as process:
        assert process.wait(timeout=30) == 2

    assert "NEWSWATCH_FEEDS" in desk.log()


def test_private_feeds_are_refused_unless_allowed(site: Site, desk: Newsdesk) -> None:
    site.show("/a", "One")
    desk.follow(site.url + "/a")
    del desk.environment["NEWSWATCH_ALLOW_PRIVATE"]
    with desk.polling():
        until(lambda: "NEWSWATCH_ALLOW_PRIVATE" in desk.log(), "a refusal that says how to mend it")

    assert site.requests == []
