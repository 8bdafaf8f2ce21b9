"""Matches and catalogs for the tests of `alerts`, short to write."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from alerts.catalog import (
    Changes,
    ChannelId,
    ChannelRow,
    Row,
    SubscriberId,
    SubscriberRow,
    SubscriptionRow,
    WatchlistRow,
)
from alerts.edits import Author
from wire.article import ArticleId, Revision
from wire.messages import Copy, Match, Mention, Relation, StoryId, Watch, Zone
from wire.watchlist import Entity, EntityId, WatchlistId

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
FILE = Author(place="newsroom.yaml", person="mira")


def copy(
    article: str,
    *,
    outlet: str = "Harbour Post",
    relation: Relation = "new",
    published: datetime | None = None,
    fetched_at: datetime = NOON,
    backfill: bool = False,
    revision: str = "r1",
    title: str = "Northmere ferries stand still",
) -> Copy:
    return Copy(
        article=ArticleId(article),
        revision=Revision(revision),
        feed="https://harbour.example/feed",
        outlet=outlet,
        link=f"https://harbour.example/{article}",
        title=title,
        language="en",
        relation=relation,
        published=published,
        fetched_at=fetched_at,
        backfill=backfill,
    )


def mention(*watchlists: str, zone: Zone = "title", entity: str = "Northmere Ferries", version: int = 1) -> Mention:
    return Mention(
        entity=entity,
        type="ORG",
        watches=tuple(
            Watch(watchlist=WatchlistId(name), version=version, entity=EntityId("northmere")) for name in watchlists
        ),
        alias="Northmere",
        field="title",
        start=0,
        end=9,
        surface="Northmere",
        zone=zone,
        score=0.9,
        why="exact",
    )


def match(
    article: str,
    *watchlists: str,
    story: str = "s1",
    of: str | None = None,
    relation: Relation = "new",
    zone: Zone = "title",
    earlier: tuple[Copy, ...] = (),
    offset: int = 0,
    **facts: object,
) -> Match:
    """An article of `story` that names an entity of each of `watchlists`; of none, it has no mention of its own."""
    return Match(
        story=StoryId(story),
        relation=relation,
        of=ArticleId(of) if of else None,
        score=1.0,
        why="first of its story",
        copy=copy(article, relation=relation, **facts),  # type: ignore[arg-type]  # passed on as they came
        mentions=(mention(*watchlists, zone=zone),) if watchlists else (),
        earlier=earlier,
        annotation_offset=offset,
    )


def later(**passed: float) -> datetime:
    return NOON + timedelta(**passed)


def entity(name: str) -> Entity:
    return Entity(id=EntityId(name.lower().replace(" ", "-")), type="ORG", name=name)


def watchlist(id_: str, *names: str) -> WatchlistRow:
    return WatchlistRow(
        id=WatchlistId(id_), name=id_.title(), entities=tuple(map(entity, names or ("Northmere Ferries",)))
    )


def newsroom(*subscriptions: str, kinds: Mapping[str, str] | None = None) -> Changes:
    """One subscriber, Mira; each subscription is written `watchlist>channel`. `kinds` are the channels' kinds."""
    pairs = [pair.split(">") for pair in subscriptions]
    rows: list[Row] = [SubscriberRow(id=SubscriberId("mira"), name="Mira", language="fr", timezone="Europe/Paris")]
    rows += [
        ChannelRow(id=ChannelId(name), subscriber=SubscriberId("mira"), kind=(kinds or {}).get(name, "terminal"))
        for name in dict.fromkeys(channel for _, channel in pairs)
    ]
    rows += [watchlist(name) for name in dict.fromkeys(name for name, _ in pairs)]
    rows += [
        SubscriptionRow(id=f"{name}-{channel}", watchlist=WatchlistId(name), channel=ChannelId(channel))
        for name, channel in pairs
    ]
    return Changes(put=tuple(rows))
