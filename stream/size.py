"""How is an annotation kept within 4 kB?

Step by step, the least needed first, until it fits. Every watchlist keeps at least one mention: an alert is owed once
a watchlist and story, so a watchlist's seventh name may go, its only one never.
"""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from stream.stories.fingerprint import without_sample
from wire.codec import encode
from wire.messages import Annotation, Mention
from wire.watchlist import WatchlistId

LIMIT = 4096  # bytes as sent
TITLE_LENGTH = 300
SHORT_QUOTE = 100
MENTIONS_PER_ENTITY = 3

_Step = Callable[[Annotation], Annotation]


def within_limit(annotation: Annotation, limit: int = LIMIT) -> Annotation:
    """The annotation with no more than fits; with thousands of watchlists named in it, as near as it gets."""
    annotation = _few_mentions(annotation)
    for step in _steps():
        if len(encode(annotation)) <= limit:
            break
        annotation = step(annotation)
    return annotation


def _steps() -> Iterator[_Step]:
    yield _one_quote_each
    yield lambda one: replace(one, names=one.names[:20], numbers=one.numbers[:30])
    yield lambda one: _quotes(one, SHORT_QUOTE)
    yield lambda one: replace(one, title=one.title[:TITLE_LENGTH])
    yield lambda one: _mentions_of_each_entity(one, 1)
    yield lambda one: replace(one, names=one.names[:5], numbers=one.numbers[:15])
    yield lambda one: _quotes(one, 0)
    yield lambda one: _best_and_owed(one, 8)
    yield lambda one: replace(one, fingerprint=without_sample(one.fingerprint), names=(), numbers=one.numbers[:8])
    yield lambda one: _best_and_owed(one, 4)
    yield lambda one: _best_and_owed(one, 0)
    yield lambda one: replace(one, mentions=tuple(replace(mention, why="") for mention in one.mentions))
    yield lambda one: replace(one, fingerprint=b"")


def _few_mentions(annotation: Annotation) -> Annotation:
    return _mentions_of_each_entity(annotation, MENTIONS_PER_ENTITY)


def _mentions_of_each_entity(annotation: Annotation, count: int) -> Annotation:
    """The best mentions of each entity, in their order."""
    ranked = sorted(annotation.mentions, key=_rank)
    seen: dict[tuple[str, object], int] = {}
    kept = set()
    for mention in ranked:
        entry = (mention.entity, mention.watches)
        seen[entry] = seen.get(entry, 0) + 1
        if seen[entry] <= count:
            kept.add(id(mention))
    return _keep(annotation, kept)


def _best_and_owed(annotation: Annotation, count: int) -> Annotation:
    """The best `count` mentions, and one for each watchlist that would have none."""
    ranked = sorted(annotation.mentions, key=_rank)
    kept = {id(mention) for mention in ranked[:count]}
    served: set[WatchlistId] = {watch.watchlist for mention in ranked[:count] for watch in mention.watches}
    for mention in ranked[count:]:
        asking = {watch.watchlist for watch in mention.watches}
        if not asking <= served:
            kept.add(id(mention))
            served |= asking
    return _keep(annotation, kept)


def _keep(annotation: Annotation, kept: set[int]) -> Annotation:
    return replace(annotation, mentions=tuple(m for m in annotation.mentions if id(m) in kept))


def _rank(mention: Mention) -> tuple[bool, bool, float, int]:
    """Best first: told before boilerplate, title before text, high before low, early before late."""
    return mention.zone == "boilerplate", mention.field != "title", -mention.score, mention.start


def _one_quote_each(annotation: Annotation) -> Annotation:
    seen: set[str] = set()
    mentions = []
    for mention in annotation.mentions:
        mentions.append(_quoted(mention, 0) if mention.entity in seen else mention)
        seen.add(mention.entity)
    return replace(annotation, mentions=tuple(mentions))


def _quotes(annotation: Annotation, length: int) -> Annotation:
    return replace(annotation, mentions=tuple(_quoted(one, length) for one in annotation.mentions))


def _quoted(mention: Mention, length: int) -> Mention:
    """The mention with a quote cut to `length` around the words found; none when they alone are longer."""
    found = mention.quote_end - mention.quote_start
    if len(mention.quote) <= length:
        return mention
    if found > length or length == 0:
        return replace(mention, quote="", quote_start=0, quote_end=0)
    start = max(0, min(mention.quote_start - (length - found) // 2, len(mention.quote) - length))
    return replace(
        mention,
        quote=mention.quote[start : start + length],
        quote_start=mention.quote_start - start,
        quote_end=mention.quote_end - start,
    )
