"""What do we read in one article?

article → clean → who is named → what makes it recognisable → annotation, within 4 kB. A pure function of the article
and the watchlists; the stages stand in order in `annotate`.
"""

from stream.clean import CleanArticle, clean
from stream.facts import names_in, numbers_in, story_text, story_words
from stream.matching import AliasIndex, find_mentions
from stream.size import within_limit
from stream.stories.fingerprint import fingerprint_of
from wire.article import Article
from wire.messages import Annotation, Mention


def annotate(article: Article, index: AliasIndex, *, partition: int, offset: int) -> Annotation:
    """The annotation of one article, from its place in `articles`. At most 4 kB as sent (`stream.size` says how)."""
    cleaned = clean(article.title, article.text, article.language, outlet=article.outlet)
    mentions = find_mentions(cleaned, index)
    annotation = _read(article, cleaned, mentions, partition=partition, offset=offset)
    return within_limit(annotation)


def _read(
    article: Article, cleaned: CleanArticle, mentions: tuple[Mention, ...], *, partition: int, offset: int
) -> Annotation:
    words = story_words(cleaned.text)
    return Annotation(
        id=article.id,
        revision=article.revision,
        event=article.event,
        partition=partition,
        offset=offset,
        feed=article.feed,
        outlet=article.outlet,
        link=article.link,
        canonical_url=article.canonical_url,
        title=cleaned.headline,
        language=cleaned.language,
        words=len(words),
        published=article.published,
        first_seen=article.first_seen,
        fetched_at=article.fetched_at,
        backfill=article.backfill,
        numbers=numbers_in(cleaned),
        names=names_in(cleaned),
        fingerprint=fingerprint_of(cleaned.headline, story_text(cleaned.text), cleaned.language),
        mentions=mentions,
    )
