"""How does a test write an article, a watchlist, a mention?"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stream.annotate import annotate
from stream.matching import AliasIndex
from wire.article import Article, ArticleId, revision_of
from wire.messages import Annotation
from wire.watchlist import Entity, EntityId, EntityType, Watchlist, WatchlistId

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COLUMN = (Path(__file__).parent / "data" / "column_fr.txt").read_text(encoding="utf8")
COLUMN_TITLE, _, COLUMN_TEXT = COLUMN.partition("\n")


def entity(
    name: str,
    kind: EntityType = "ORG",
    *,
    aliases: Iterable[str] = (),
    tickers: Iterable[str] = (),
    entity_id: str = "",
) -> Entity:
    return Entity(id=EntityId(entity_id or name), type=kind, name=name, aliases=tuple(aliases), tickers=tuple(tickers))


def watchlist(*entities: Entity, name: str = "desk", version: int = 1) -> Watchlist:
    return Watchlist(id=WatchlistId(name), epoch=1, version=version, name=name, entities=entities)


def index_of(*entities: Entity) -> AliasIndex:
    return AliasIndex.build([watchlist(*entities)])


def article(
    title: str, text: str, *, name: str = "a1", minutes: float = 0, outlet: str = "Outlet", language: str | None = "en"
) -> Article:
    time = NOON + timedelta(minutes=minutes)
    return Article(
        id=ArticleId(name),
        revision=revision_of(title, text),
        event="new",
        feed="https://feeds.example/all",
        outlet=outlet,
        link=f"https://news.example/{name}",
        canonical_url=f"https://news.example/{name}",
        title=title,
        text=text,
        language=language,
        published=time,
        first_seen=time,
        fetched_at=time,
    )


def annotation(told: Article, *watched: Entity, offset: int = 0) -> Annotation:
    return annotate(told, index_of(*watched), partition=0, offset=offset)
