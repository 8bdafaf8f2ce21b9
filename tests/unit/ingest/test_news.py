from datetime import UTC, datetime, timedelta

import pytest

from ingest.feeds import Feed
from ingest.identity import canonical_url, identity_of, place_of
from ingest.memory import Seen
from ingest.news import MOST_UPDATES, news_in
from ingest.parse import Document, Draft
from wire.article import Article, ArticleId, revision_of

NOW = datetime(2024, 11, 4, 12, tzinfo=UTC)
FEED = Feed(id="paper", url="https://paper.example/rss", name="The Paper")


def draft(
    guid: str = "1",
    *,
    title: str = "Fire",
    link: str = "https://paper.example/1",
    shared: bool = False,
    published: datetime | None = None,
) -> Draft:
    canonical = canonical_url(link)
    return Draft(
        identity=identity_of(guid, canonical, title, "", ""),
        shared=shared,
        place=place_of(canonical),
        link=link,
        canonical_url=canonical,
        title=title,
        text="Text",
        published=published,
        revision=revision_of(title, "Text"),
    )


class Reader:
    """A feed that is read again and again, with a memory as the state keeps it."""

    def __init__(self) -> None:
        self.memory: dict[ArticleId, Seen] = {}
        self.now = NOW
        self.first = True

    def read(self, *drafts: Draft, feed: Feed = FEED, language: str | None = None) -> list[Article]:
        document = Document(format="rss20", language=language, drafts=drafts)
        news = news_in(document, feed=feed, known=self.memory, now=self.now, backfill=self.first)
        self.memory |= {seen.article: seen for seen in news.seen}
        self.first = False
        self.now += timedelta(minutes=15)
        return list(news.articles)


def test_an_article_is_news_once() -> None:
    reader = Reader()

    (article,) = reader.read(draft())

    assert (article.event, article.outlet, article.feed) == ("new", "The Paper", "paper")
    assert reader.read(draft()) == []


def test_only_the_very_first_poll_is_backfill() -> None:
    reader = Reader()

    assert [article.backfill for article in reader.read(draft("1"))] == [True]
    assert [article.backfill for article in reader.read(draft("1"), draft("2", link="https://paper.example/2"))] == [
        False
    ]


def test_changed_words_are_an_update_under_the_same_id() -> None:
    reader = Reader()
    (new,) = reader.read(draft(title="Fire"))

    (updated,) = reader.read(draft(title="Fire out"))

    assert (updated.event, updated.id) == ("updated", new.id)
    assert updated.revision != new.revision
    assert (updated.first_seen, updated.fetched_at > new.fetched_at) == (new.first_seen, True)
    assert reader.read(draft(title="Fire out")) == []


def test_a_changed_address_is_no_news() -> None:
    reader = Reader()
    reader.read(draft(link="https://paper.example/1"))

    assert reader.read(draft(link="https://paper.example/1-renamed")) == []


def test_flapping_text_stops_being_an_update() -> None:
    reader = Reader()
    reader.read(draft(title="0 comments"))

    updates = sum(len(reader.read(draft(title=f"{n} comments"))) for n in range(1, 100))

    assert updates == MOST_UPDATES


def test_articles_that_share_an_id_stay_apart_however_the_document_is_turned() -> None:
    one = draft("same", link="https://paper.example/1", shared=True)
    other = draft("same", link="https://paper.example/2", shared=True)
    reader = Reader()

    assert len({article.id for article in reader.read(one, other)}) == 2
    assert reader.read(other, one) == []


@pytest.mark.parametrize("left", [1, 2])
def test_whichever_of_them_leaves_the_other_is_no_news(left: int) -> None:
    reader = Reader()
    both = [draft("same", link=f"https://paper.example/{n}", shared=True) for n in (1, 2)]
    reader.read(*both)

    assert reader.read(draft("same", link=f"https://paper.example/{left}")) == []
    assert reader.read(*both) == []


def test_a_second_article_under_a_known_id_is_news_and_the_first_is_not() -> None:
    reader = Reader()
    (first,) = reader.read(draft("same", link="https://paper.example/1"))

    (second,) = reader.read(
        draft("same", link="https://paper.example/2", shared=True),
        draft("same", link="https://paper.example/1", shared=True),
    )

    assert second.link == "https://paper.example/2"
    assert second.id != first.id


def test_the_operator_knows_the_language_better_than_the_feed() -> None:
    german = Feed(id="paper", url="https://paper.example/rss", name="P", language="de")

    assert Reader().read(draft(), language="en")[0].language == "en"
    assert Reader().read(draft(), language="en", feed=german)[0].language == "de"


def test_a_date_in_the_future_becomes_the_time_of_fetching() -> None:
    (article,) = Reader().read(draft(published=NOW + timedelta(days=300)))

    assert article.published == NOW


@pytest.mark.parametrize("link", ["", "https://paper.example/"])
def test_articles_without_an_address_of_their_own_do_not_meet(link: str) -> None:
    one, other = Reader().read(draft("1", link=link), draft("2", link=link))

    assert one.canonical_url != other.canonical_url
    assert one.link == link


def test_what_is_seen_daily_is_remembered_without_writing_every_poll() -> None:
    reader = Reader()
    reader.read(draft())
    (before,) = reader.memory.values()

    reader.read(draft())
    assert list(reader.memory.values()) == [before]

    reader.now += timedelta(days=2)
    reader.read(draft())
    (after,) = reader.memory.values()
    assert after.last_seen > before.last_seen
