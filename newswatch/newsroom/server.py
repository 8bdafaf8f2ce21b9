"""How are the newsroom's feeds served, and when does its clock start?

On loopback, in threads of this process. Until `open` only the archive is there, so that every feed's first poll is over
before anything happens in it.
"""

import hashlib
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from newswatch.newsroom.content import Item, Newsroom
from newswatch.newsroom.formats import render_feed, render_page, shown_items

TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml"}


class Clock:
    """Seconds since the newsroom opened; below 0 before."""

    def __init__(self) -> None:
        self._made = datetime.now(UTC).replace(microsecond=0)
        self._opened: datetime | None = None

    def open(self) -> None:
        self._opened = datetime.now(UTC)

    @property
    def opened(self) -> datetime:
        """The moment of second 0: of making the clock, as long as it stands."""
        return self._opened or self._made

    @property
    def second(self) -> float:
        return (datetime.now(UTC) - self._opened).total_seconds() if self._opened else -1.0


class Server:
    """Serves one newsroom on loopback, from `__enter__` to `__exit__`."""

    def __init__(self, newsroom: Newsroom, *, port: int = 0, clock: Clock | None = None) -> None:
        self.newsroom = newsroom
        self.clock = clock or Clock()
        self.polls: Counter[str] = Counter()
        self._feeds = {feed.id: feed for feed in newsroom.feeds}
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.site = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="newsroom", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def base(self) -> str:
        return f"http://{self.host}"

    def unread(self) -> list[str]:
        """Outlets with a feed that has not been read yet.

        A feed is polled a second time only when its first document is on Kafka and its state has moved on: so a second
        poll tells that the first pass over this feed is over.
        """
        return [feed.outlet for feed in self.newsroom.feeds if self.polls[feed.id] <= 1]

    def visible_at(self, item: Item) -> datetime:
        return self.clock.opened + timedelta(seconds=max(item.at, 0))

    def feed(self, name: str) -> tuple[bytes, datetime, str] | None:
        """Document, time of the last change in it and content type of a feed; None for a feed that there is not."""
        feed = self._feeds.get(name)
        if feed is None:
            return None
        self.polls[name] += 1
        shown = shown_items(self.newsroom, feed, second=self.clock.second, opened=self.clock.opened, base=self.base)
        changed = max((each.updated for each in shown), default=self.clock.opened)
        return render_feed(feed, shown, self.base), changed.replace(microsecond=0), TYPES[feed.format]

    def page(self, name: str) -> bytes | None:
        """An article's page, once one of the feeds shows it."""
        for feed in self.newsroom.feeds:
            for shown in shown_items(
                self.newsroom, feed, second=self.clock.second, opened=self.clock.opened, base=self.base
            ):
                if urlsplit(shown.link).path == f"/news/{name}":
                    return render_page(shown)
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    site: Server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        kind, _, name = urlsplit(self.path).path.strip("/").partition("/")
        if kind == "feeds" and (feed := self.server.site.feed(name.removesuffix(".xml"))):
            self._answer_feed(*feed)
        elif kind == "news" and (page := self.server.site.page(name)):
            self._answer(HTTPStatus.OK, page, {"Content-Type": "text/html; charset=utf-8"})
        else:
            self._answer(
                HTTPStatus.NOT_FOUND, b"There is no such page in the newsroom.\n", {"Content-Type": "text/plain"}
            )

    def log_message(self, *_: object) -> None:
        """Nothing: the demo's terminal belongs to the alerts."""

    def _answer_feed(self, document: bytes, changed: datetime, kind: str) -> None:
        headers = {
            "ETag": f'"{hashlib.sha256(document).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(changed, usegmt=True),
        }
        if self._is_known(headers["ETag"], changed):
            self._answer(HTTPStatus.NOT_MODIFIED, b"", headers)
        else:
            self._answer(HTTPStatus.OK, document, headers | {"Content-Type": f"{kind}; charset=utf-8"})

    def _is_known(self, etag: str, changed: datetime) -> bool:
        """Whether the reader has this document. Its date counts only without an ETag: two items may share a second."""
        if (known := self.headers.get("If-None-Match")) is not None:
            return known == etag
        since = self.headers.get("If-Modified-Since")
        try:
            return since is not None and parsedate_to_datetime(since) >= changed
        except (TypeError, ValueError):
            return False

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
