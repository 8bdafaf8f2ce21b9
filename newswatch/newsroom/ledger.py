"""What does the alerts' database hold of the newsroom's stories?"""

from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from alerts import schema
from alerts.database import reading
from alerts.ledger import Claim
from alerts.notice import Notice
from alerts.telling import notices
from newswatch.newsroom.key import Joined, page_of


def joined_copies(engine: Engine) -> list[Joined]:
    """Every article that is counted to an alert."""
    copy, article = schema.alert_copy, schema.article
    question = select(copy.c.watchlist, article.c.link, copy.c.alert).join(article, article.c.id == copy.c.article)
    with reading(engine) as connection:
        return [Joined(watchlist, page_of(link), alert) for watchlist, link, alert in connection.execute(question)]


class Silenced(NamedTuple):
    """A copy that nobody was told of, because its story had been told by another article."""

    article: str
    outlet: str
    title: str
    told: str


def silenced_copies(engine: Engine) -> list[Silenced]:
    """In the order in which they were fetched, each once, however many watchlists it concerns."""
    copy, article, told = schema.alert_copy, schema.article, schema.article.alias("told")
    question = (
        select(copy.c.article, article.c.outlet, article.c.title, told.c.title)
        .join(article, article.c.id == copy.c.article)
        .join(schema.delivery, schema.delivery.c.alert == copy.c.alert)
        .join(told, told.c.id == schema.delivery.c.article)
        .where(told.c.id != article.c.id, schema.delivery.c.state == "sent")
        .order_by(article.c.fetched_at, article.c.id)
    )
    with reading(engine) as connection:
        found = [Silenced(*row) for row in connection.execute(question)]
    return list({each.article: each for each in found}.values())


def read_notice(engine: Engine, key: str) -> Notice:
    """The notice that was delivered under this idempotency key, so that it can be shown once more."""
    with reading(engine) as connection:
        claim = _claim(connection, key)
        return notices(connection, [claim])[claim.id]


def _claim(connection: Connection, key: str) -> Claim:
    row = connection.execute(select(schema.delivery).where(schema.delivery.c.key == key)).one()
    return Claim(
        id=row.id,
        key=row.key,
        alert=row.alert,
        channel=row.channel,
        channel_version=0,
        occasion=row.occasion,
        article=row.article,
        attempt=row.attempt,
        expires_at=row.expires_at,
    )
