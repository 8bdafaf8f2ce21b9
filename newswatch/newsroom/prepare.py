"""What does the demo's newswatch need before it starts?"""

import secrets
from pathlib import Path

import yaml
from sqlalchemy import Engine

from alerts.applying import apply_configuration
from alerts.config import load_config
from alerts.edits import Author
from newswatch.broker import free_port
from newswatch.newsroom.content import read_files
from newswatch.newsroom.server import Server
from wire.settings import Settings

SOURCE = "demo"


def demo_settings(home: Path, server: Server) -> Settings:
    """What the environment says of broker, Java and logs holds; data and feeds are the demo's own."""
    return Settings(
        home=home,
        feeds=home / "feeds.yaml",
        ingest_database="",
        alerts_database="",
        kafka_prefix=f"demo-{secrets.token_hex(3)}-",
        kafka_port=free_port(),
        poll_interval=1.0,
        own_hosts=(server.host,),
        allow_private=("127.0.0.1",),
        age_gate_hours=24.0,
    )


def write_feeds(file: Path, server: Server) -> None:
    feeds = [
        {"id": feed.id, "url": f"{server.base}/feeds/{feed.id}.xml", "name": feed.outlet, "language": feed.language}
        for feed in server.newsroom.feeds
    ]
    file.write_text(yaml.safe_dump(feeds, allow_unicode=True, sort_keys=False), encoding="utf-8")


def apply_watchlists(file: Path, database: Engine) -> dict[str, str]:
    """Put the demo's watchlists in force, as `newswatch apply` does. Returns their ids by name."""
    file.write_text(read_files()["watchlists"], encoding="utf-8")
    wanted = load_config(file)
    apply_configuration(database, wanted, author=Author(place=SOURCE, person=SOURCE))
    return {watchlist.name: watchlist.id for watchlist in wanted.watchlists}
