"""Do five live news feeds come through all processes with nothing missed, nothing news twice, nobody told twice?

    python tests/benchmarks/bench_replay.py [--snapshots 120]

Each snapshot is served in order, one a poll: three to five weeks pass in minutes. An independent reader
(ElementTree and the guid, nothing else) says which items the series hold.
"""

import argparse
import json
import os
import sys
import tarfile
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from newswatch.broker import free_port
from newswatch.up import System
from tests.drill import run_apply, wait_for
from wire import codec
from wire.article import Article
from wire.kafka import LogReader
from wire.settings import Settings
from wire.topics import ARTICLES

DATA = Path(os.environ.get("NEWSWATCH_DATA", Path(__file__).parents[3] / "shared" / "data"))
SERIES = ("bbc", "cnn", "rnz", "smh", "straittimes")
NAMES = [
    "Joe Biden",
    "Boris Johnson",
    "Donald Trump",
    "Jacinda Ardern",
    "Scott Morrison",
    "Kim Jong Un",
    "Anthony Fauci",
    "Gladys Berejiklian",
    "Daniel Andrews",
    "Ashley Bloomfield",
    "Novak Djokovic",
    "Lee Hsien Loong",
    "Angela Merkel",
    "Facebook",
    "Tesla",
    "Singapore Airlines",
    "Qantas",
    "Taliban",
    "NASA",
    "Pfizer",
]


class Replay:
    """Serves each series' next snapshot when the one before was fetched; the last one stays."""

    def __init__(self, count: int) -> None:
        self.series = {name: snapshots(name)[:count] for name in SERIES}
        self.place: Counter[str] = Counter()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.http.daemon_threads = True
        self.http.replay = self  # type: ignore[attr-defined]  # read by the handler
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.http.server_address[1]}"

    def next(self, name: str) -> bytes:
        place = self.place[name]
        self.place[name] += 1
        return self.series[name][min(place, len(self.series[name]) - 1)]

    def over(self) -> bool:
        return all(self.place[name] > len(self.series[name]) + 1 for name in SERIES)

    def items(self) -> set[tuple[str, str]]:
        return {(name, guid) for name in SERIES for body in self.series[name] for guid in guids(body)}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.server.replay.next(self.path.strip("/"))  # type: ignore[attr-defined]  # set by Replay
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def snapshots(series: str) -> list[bytes]:
    with tarfile.open(DATA / "replay" / f"{series}.tar.xz") as files:
        members = sorted((m for m in files if m.name.endswith(".xml")), key=lambda m: int(Path(m.name).stem))
        return [file.read() for member in members if (file := files.extractfile(member)) is not None]


def guids(body: bytes) -> set[str]:
    return {found.text or "" for found in ET.fromstring(body).iter("guid")}


def watch(home: Path) -> str:
    entities = [{"name": name, "type": "ORG" if " " not in name else "PER"} for name in NAMES]
    return yaml.safe_dump(
        {
            "watchlists": [{"id": "names", "name": "Names", "entities": entities}],
            "subscribers": [{"id": "reader", "name": "Reader"}],
            "channels": [
                {
                    "id": "file",
                    "subscriber": "reader",
                    "kind": "terminal",
                    "format": "json",
                    "path": str(home / "alerts.jsonl"),
                }
            ],
            "subscriptions": [{"watchlist": "names", "channel": "file"}],
        }
    )


def articles(settings: Settings) -> list[Article]:
    with closing(LogReader(settings, ARTICLES)) as reader:
        return [codec.decode(Article, each.value or b"") for each in reader.to_end()]


def run(count: int, home: Path) -> int:
    replay = Replay(count)
    settings = Settings(
        home=home,
        kafka_port=free_port(),
        poll_interval=0.5,
        own_hosts=(replay.host,),
        allow_private=("127.0.0.1",),
        age_gate_hours=1e6,  # the series are years old
    )
    feeds = [{"id": name, "url": f"http://{replay.host}/{name}", "name": name} for name in SERIES]
    settings.feeds_file.write_text(yaml.safe_dump(feeds))
    run_apply(home / "watch.yaml", watch(home), settings)
    begun = time.monotonic()
    with System.start(settings, report=print) as system:
        system.wait_until_ready(120)
        wait_for(replay.over, 20 * count)
        time.sleep(5)
        found = articles(settings)
    told = [json.loads(line) for line in (home / "alerts.jsonl").read_text().splitlines()]
    return report(replay, found, told, time.monotonic() - begun)


def report(replay: Replay, found: list[Article], told: list[dict[str, object]], seconds: float) -> int:
    first = Counter(article.id for article in found if article.event == "new")
    again = sum(times - 1 for times in first.values())
    items = len(replay.items())
    alerts: dict[object, set[object]] = defaultdict(set)
    for line in told:
        alerts[line["article"]].add(line["key"])
    repeated = sum(len(keys) - 1 for keys in alerts.values()) + len(told) - len({line["key"] for line in told})
    updates = sum(article.event == "updated" for article in found)
    print(
        f"{sum(map(len, replay.series.values()))} snapshots, {items} items, {len(first)} articles, {updates} updates, "
        f"{len(told)} alerts in {seconds:.0f} s\n"
        f"missed {items - len(first)}, taken as new though known {again}, repeated alerts {repeated}"
    )
    titles = Counter(str(line["title"]) for line in told)
    for title, times in titles.most_common():
        if times > 1:
            print(f"  told {times} times under one title: {title}")
    return int(bool(items - len(first) or again or repeated))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snapshots", type=int, default=120)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    if not (DATA / "replay").is_dir():
        sys.exit(f"{DATA / 'replay'} is not here; NEWSWATCH_DATA names the folder of the development data")
    if options.home:
        options.home.mkdir(parents=True, exist_ok=True)
        sys.exit(run(options.snapshots, options.home))
    with tempfile.TemporaryDirectory(prefix="newswatch-replay-") as folder:
        sys.exit(run(options.snapshots, Path(folder)))
