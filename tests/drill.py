"""A small world to run all processes in: feeds that publish on a clock, a receiver that keeps accounts, and the truth.

Stories, their copies and who is named in them are made from a seed, so every run of one seed expects the same.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from newswatch.broker import free_port
from wire.settings import Settings, environment

SHOWN = 60  # items in one document, newest first
WATCHLISTS = ("east", "west")
SYLLABLES = [
    "ba",
    "ke",
    "li",
    "mo",
    "nu",
    "ra",
    "se",
    "ti",
    "vo",
    "zu",
    "dar",
    "fel",
    "gim",
    "hol",
    "jun",
    "kas",
    "lor",
    "mep",
    "nis",
    "pol",
]
NAMES = [
    f"{first}{second}"
    for first in ("Quor", "Zeph", "Brix", "Velm", "Thar")
    for second in ("ano", "ilde", "umex", "yria")
]


@dataclass(frozen=True)
class Piece:
    """One article: in which feed, from which second on, and of which story."""

    story: int
    number: int
    feed: int
    at: float
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """All that will be published, and which (watchlist, story) must be alerted, once each."""

    feeds: int
    pieces: tuple[Piece, ...]
    wanted: frozenset[tuple[str, int]]

    @property
    def length(self) -> float:
        return max(piece.at for piece in self.pieces)


def make_world(*, articles: int, feeds: int, seconds: float, seed: int) -> World:
    """Stories of one to four copies in as many feeds; a quarter of them names somebody watched."""
    dice = random.Random(seed)
    pieces: list[Piece] = []
    wanted: set[tuple[str, int]] = set()
    story = 0
    while len(pieces) < articles:
        name = dice.choice(NAMES) if dice.random() < 0.25 else ""
        made = _story(dice, story, name, feeds=feeds, seconds=seconds, first=len(pieces))
        pieces += made[: articles - len(pieces)]
        if name:
            wanted.add((WATCHLISTS[NAMES.index(name) % 2], story))
        story += 1
    return World(feeds=feeds, pieces=tuple(pieces), wanted=frozenset(wanted))


def _story(dice: random.Random, story: int, name: str, *, feeds: int, seconds: float, first: int) -> list[Piece]:
    """Copies follow within a few seconds, under another headline, with another outlet's words around them."""
    body = [_sentence(dice) for _ in range(dice.randint(8, 14))]
    if name:
        body[0] = f"On Tuesday {name} {body[0].lower()}"
        body[3] = f"They said {name} {body[3].lower()}"
    start = dice.uniform(0, seconds * 0.9)
    outlets = dice.sample(range(feeds), min(feeds, dice.choice((1, 1, 2, 3, 4))))
    return [
        Piece(
            story=story,
            number=first + place,
            feed=feed,
            at=start + place * dice.uniform(0.5, 2.0),
            title=_sentence(dice, 6).rstrip("."),
            paragraphs=(*body, *([_sentence(dice)] if place else [])),
        )
        for place, feed in enumerate(outlets)
    ]


def _sentence(dice: random.Random, words: int = 12) -> str:
    made = ["".join(dice.choices(SYLLABLES, k=dice.randint(2, 3))) for _ in range(words)]
    return " ".join(made).capitalize() + "."


@dataclass
class FeedHouse:
    """Serves the world's feeds on loopback. Nothing is in them until `open` starts the clock."""

    world: World
    polls: Counter[int] = field(default_factory=Counter)
    opened: float = 0.0

    def __enter__(self) -> Self:
        self._by_feed = {
            feed: sorted((piece for piece in self.world.pieces if piece.feed == feed), key=lambda piece: piece.at)
            for feed in range(self.world.feeds)
        }
        self._http = _serve(self._page)
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
    def second(self) -> float:
        return time.time() - self.opened if self.opened else -1.0

    def open(self) -> None:
        self.opened = time.time()

    def write_feeds(self, file: Path) -> None:
        feeds = [{"id": f"f{n}", "url": f"http://{self.host}/{n}.xml", "name": f"Outlet {n}"} for n in self._by_feed]
        file.write_text(yaml.safe_dump(feeds))

    def _page(self, request: "_Request") -> None:
        feed = int(request.path.strip("/").partition(".")[0])
        self.polls[feed] += 1
        shown = [piece for piece in self._by_feed[feed] if piece.at <= self.second][-SHOWN:]
        items = "".join(_item(piece, self.host, self.opened) for piece in reversed(shown))
        document = f'<rss version="2.0"><channel><title>Outlet {feed}</title>{items}</channel></rss>'.encode()
        tag = f'"{hashlib.sha256(document).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            request.answer(304, b"", {"ETag": tag})
        else:
            request.answer(200, document, {"ETag": tag, "Content-Type": "application/rss+xml"})


def _item(piece: Piece, host: str, opened: float) -> str:
    text = "".join(f"&lt;p&gt;{part}&lt;/p&gt;" for part in piece.paragraphs)
    return (
        f"<item><guid isPermaLink='false'>{piece.number}</guid><title>{piece.title}</title>"
        f"<link>http://{host}/{piece.story}/{piece.number}</link><pubDate>{formatdate(opened + piece.at)}</pubDate>"
        f"<description>{text}</description></item>"
    )


@dataclass
class Receiver:
    """A webhook's receiver: which story was told to which watchlist, how often, and under which key."""

    told: list[tuple[str, str, int]] = field(default_factory=list)  # key, watchlist, story
    delay: float = 0.02  # long enough for a kill to fall between sending and hearing back

    def __enter__(self) -> Self:
        self._http = _serve(self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/hook"

    @property
    def pairs(self) -> set[tuple[str, int]]:
        return {(watchlist, story) for _, watchlist, story in self.told}

    def repeats(self) -> int:
        """How many messages came again under a key that had come before."""
        return len(self.told) - len({(key, watchlist) for key, watchlist, _ in self.told})

    def second_alerts(self) -> dict[tuple[str, int], set[str]]:
        """What was told under more than one key: the one thing that must never be."""
        keys: dict[tuple[str, int], set[str]] = {}
        for key, watchlist, story in self.told:
            keys.setdefault((watchlist, story), set()).add(key)
        return {pair: found for pair, found in keys.items() if len(found) > 1}

    def _take(self, request: "_Request") -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        time.sleep(self.delay)
        story = int(story_of(body))
        for watchlist in watchlists_of(body):
            self.told.append((request.headers["webhook-id"], watchlist, story))
        request.answer(200, b"thanks", {})


def story_of(body: dict[str, object]) -> str:
    """The true story, from the told article's link."""
    link = _find(body, "link")
    return str(link).split("/")[3]


def watchlists_of(body: dict[str, object]) -> list[str]:
    found = _find(body, "watchlists")
    assert isinstance(found, list)
    return [str(each) for each in found]


def _find(value: object, key: str) -> object:
    """The first value under `key`, however deep: a drill knows little of the payload's shape."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        return next((found for item in value if (found := _find(item, key)) is not None), None)
    return None


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.page(self)  # type: ignore[attr-defined]  # set in _serve

    do_POST = do_GET  # noqa: N815  # http.server's name

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _serve(page: object) -> ThreadingHTTPServer:
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Request)
    http.daemon_threads = True
    http.page = page  # type: ignore[attr-defined]  # read by _Request
    threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
    return http


def configuration(receiver: Receiver) -> str:
    """The YAML that `newswatch apply` takes: two watchlists, one webhook each to the same receiver."""
    lists = [
        {
            "id": name,
            "name": name,
            "entities": [{"id": each.lower(), "type": "ORG", "name": each} for each in NAMES[place::2]],
        }
        for place, name in enumerate(WATCHLISTS)
    ]
    return yaml.safe_dump(
        {
            "watchlists": lists,
            "subscribers": [{"id": "drill", "name": "Drill"}],
            "channels": [
                {
                    "id": f"hook-{name}",
                    "subscriber": "drill",
                    "kind": "webhook",
                    "url": f"{receiver.url}/{name}",
                    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                }
                for name in WATCHLISTS
            ],
            "subscriptions": [{"watchlist": name, "channel": f"hook-{name}"} for name in WATCHLISTS],
        }
    )


def drill_settings(home: Path, house: FeedHouse, **more: object) -> Settings:
    """Everything in `home`, on a Kafka of its own, polling each second."""
    return Settings.model_validate(
        {
            "home": home,
            "feeds": home / "feeds.yaml",
            "kafka_port": free_port(),
            "poll_interval": 1.0,
            "own_hosts": (house.host,),
            "allow_private": ("127.0.0.1",),
            "send_lease": 5.0,
        }
        | more
    )


def run_apply(file: Path, text: str, settings: Settings) -> None:
    file.write_text(text)
    command = [sys.executable, "-m", "newswatch", "apply", str(file)]
    subprocess.run(command, env=os.environ | environment(settings), check=True, capture_output=True)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False
