import json
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.article import Article, ArticleId, Revision
from wire.codec import VERSIONS, decode, encode
from wire.errors import NewerVersion, Rejected
from wire.messages import Annotation, Copy, Match, Mention, StoryId, Watch
from wire.watchlist import Entity, EntityId, Manifest, Watchlist, WatchlistId

KINDS = tuple(VERSIONS)
PARTS: tuple[type[msgspec.Struct], ...] = (Watch, Mention, Copy, Entity)
MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(min_value=-(2**53), max_value=2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: MOMENTS,
    datetime | None: st.none() | MOMENTS,
    dict[str, float]: st.dictionaries(
        st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False), max_size=3
    ),
}

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Any message of a kind, from its annotations: a field added later is covered without a change here."""
    hints = typing.get_type_hints(kind)
    fields = {name: _values(hint) for name, hint in hints.items() if name != "v"}
    return st.builds(kind, **fields)


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint in SIMPLE:
        return SIMPLE[hint]
    inner = typing.get_args(hint)
    if inner and inner[0] in PARTS:
        return st.lists(structs(inner[0]), max_size=2).map(tuple)
    return structs(hint) if hint in PARTS else st.from_type(hint)


MESSAGES = st.one_of([structs(kind) for kind in KINDS])


def small(kind: type[msgspec.Struct]) -> msgspec.Struct:
    """The least message of a kind: all that has a default is left out."""
    samples: dict[type[msgspec.Struct], bytes] = {type_: old for type_, old, _ in KEPT}
    return decode(kind, samples[kind])  # type: ignore[type-var]  # one of KINDS


@given(MESSAGES)
def test_what_is_decoded_is_what_was_encoded(message: Any) -> None:
    assert decode(type(message), encode(message)) == message


@given(MESSAGES)
def test_the_version_is_always_written_and_written_first(message: Any) -> None:
    raw = encode(message)
    assert raw.startswith(b'{"v":1')
    assert list(json.loads(raw)).count("v") == 1


def test_a_message_of_defaults_alone_is_json_too() -> None:
    class Empty(msgspec.Struct, omit_defaults=True):
        v: int = 1

    assert encode(Empty()) == b'{"v":1}'
    assert encode(Empty(v=2)) == b'{"v":2}'


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_version_stops_the_program_and_says_what_to_upgrade(kind: Any) -> None:
    newer = b'{"v":%d,"shape":"nobody knows yet"}' % (VERSIONS[kind] + 1)
    with pytest.raises(
        NewerVersion, match=f"{kind.__name__} of version {VERSIONS[kind] + 1}.*upgrade this program first"
    ):
        decode(kind, newer)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00",
        b"not json",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"v":1}',
        b'{"v":0}',
        b'{"v":"1"}',
        b'{"v":null}',
        b'{"v":1.5}',
        b'{"v":1,',
        b'{"v":1,"id":"\xff\xfe"}',
        b'{"v":1,"x":' + b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda raw: raw[:16],
)
def test_garbage_is_rejected_as_undecodable(kind: Any, garbage: bytes) -> None:
    with pytest.raises(Rejected, match=f"not a readable {kind.__name__}") as rejected:
        decode(kind, garbage)
    assert rejected.value.reason == "undecodable"


@given(st.binary(max_size=200), st.sampled_from(KINDS))
def test_no_bytes_make_the_decoder_fail_otherwise(raw: bytes, kind: Any) -> None:
    with pytest.raises((Rejected, NewerVersion)):
        decode(kind, raw)


def test_a_message_of_another_kind_is_rejected() -> None:
    with pytest.raises(Rejected):
        decode(Match, encode(small(Article)))


@pytest.mark.parametrize("kind", KINDS)
def test_fields_that_this_version_does_not_know_are_passed_over(kind: Any) -> None:
    """Fields may be added within a version, so that an old reader goes on beside a new writer."""
    raw = encode(small(kind))
    assert decode(kind, raw[:-1] + b',"invented_later":{"a":[1]}}') == small(kind)


def test_a_time_without_its_zone_is_rejected() -> None:
    naive = encode(small(Article)).replace(b"2026-03-04T12:00:00Z", b"2026-03-04T12:00:00")
    with pytest.raises(Rejected, match="timezone"):
        decode(Article, naive)


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    abroad = encode(small(Article)).replace(b"2026-03-04T12:00:00Z", b"2026-03-04T13:00:00+01:00")
    assert decode(Article, abroad).fetched_at == NOON


def test_half_a_character_is_sent_as_a_question_mark() -> None:
    """Some feeds carry them, and UTF-8 cannot: one broken title must not keep its feed from being read."""
    broken = msgspec.structs.replace(
        decode(Article, encode(small(Article))), title="half \ud83d of it", outlet="\udc00"
    )
    assert decode(Article, encode(broken)).title == "half ? of it"
    assert encode(broken).startswith(b'{"v":1,')


def test_half_a_character_deep_inside_is_found_too() -> None:
    mention = decode(Match, KEPT_MATCH).mentions[0]
    match = msgspec.structs.replace(
        decode(Match, KEPT_MATCH),
        mentions=(msgspec.structs.replace(mention, quote="\ud800", watches=mention.watches),),
        evidence={"\ud800": 1.0},
        fingerprint=b"\x00\xff",
    )
    read = decode(Match, encode(match))
    assert read.mentions[0].quote == "?"
    assert read.mentions[0].watches == mention.watches
    assert read.evidence == {"?": 1.0}
    assert read.fingerprint == b"\x00\xff"


# Samples of what stands on topics. A later version must read every one of them as it is: add, never change.
KEPT_ARTICLE = (
    b'{"v":1,"id":"a1","revision":"r1","event":"new","feed":"f","outlet":"The Daily","link":"https://a.example/1",'
    b'"canonical_url":"https://a.example/1","title":"Tide","text":"High &amp; low","first_seen":"2026-03-04T12:00:00Z",'
    b'"fetched_at":"2026-03-04T12:00:00Z"}'
)
KEPT_ANNOTATION = (
    b'{"v":1,"id":"a1","revision":"r1","event":"updated","partition":3,"offset":42,"feed":"f","outlet":"The Daily",'
    b'"link":"https://a.example/1","canonical_url":"https://a.example/1","title":"Tide","language":"en","words":120,'
    b'"published":"2026-03-04T12:00:00Z","first_seen":"2026-03-04T12:00:00Z","fetched_at":"2026-03-04T12:00:00Z",'
    b'"backfill":true,"numbers":["12"],"names":["Ada Quay"],"fingerprint":"AAEC","mentions":[{"entity":"quay",'
    b'"type":"PER","watches":[{"watchlist":"w","version":7,"entity":"quay"}],"alias":"Ada Quay","field":"text",'
    b'"start":4,"end":12,"surface":"Ada Quay","zone":"lead","score":0.5,"why":"whole name","quote":"said Ada Quay",'
    b'"quote_start":5,"quote_end":13}]}'
)
KEPT_MATCH = (
    b'{"v":1,"story":"a0","relation":"copy","of":"a0","related":"b0","score":0.75,"why":"shared passages",'
    b'"evidence":{"passages":3.0},"copy":{"article":"a1","revision":"r1","feed":"f","outlet":"The Daily",'
    b'"link":"https://a.example/1","title":"Tide","language":"en","relation":"copy","fetched_at":"2026-03-04T12:00:00Z"},'
    b'"mentions":[{"entity":"quay","watches":[{"watchlist":"w","version":7,"entity":"quay"}],"alias":"Quay",'
    b'"field":"title","start":0,"end":4,"surface":"Quay","zone":"title","score":1.0,"why":"whole name"}],'
    b'"fingerprint":"AAEC","earlier":[],"annotation_offset":9}'
)
KEPT_WATCHLIST = (
    b'{"v":1,"id":"w","epoch":2,"version":7,"name":"Harbour","entities":[{"id":"quay","type":"PER","name":"Ada Quay",'
    b'"aliases":["A. Quay"],"tickers":["ON"]},{"id":"port","name":"Port"}]}'
)
KEPT_MANIFEST = b'{"v":1,"epoch":2,"versions":{"w":7}}'

TIDE_COPY = Copy(
    article=ArticleId("a1"),
    revision=Revision("r1"),
    feed="f",
    outlet="The Daily",
    link="https://a.example/1",
    title="Tide",
    language="en",
    relation="copy",
    fetched_at=NOON,
)
QUAY_WATCH = Watch(watchlist=WatchlistId("w"), version=7, entity=EntityId("quay"))
KEPT: tuple[tuple[Any, bytes, msgspec.Struct], ...] = (
    (
        Article,
        KEPT_ARTICLE,
        Article(
            id=ArticleId("a1"),
            revision=Revision("r1"),
            event="new",
            feed="f",
            outlet="The Daily",
            link="https://a.example/1",
            canonical_url="https://a.example/1",
            title="Tide",
            text="High &amp; low",
            first_seen=NOON,
            fetched_at=NOON,
        ),
    ),
    (
        Annotation,
        KEPT_ANNOTATION,
        Annotation(
            id=ArticleId("a1"),
            revision=Revision("r1"),
            event="updated",
            partition=3,
            offset=42,
            feed="f",
            outlet="The Daily",
            link="https://a.example/1",
            canonical_url="https://a.example/1",
            title="Tide",
            language="en",
            words=120,
            published=NOON,
            first_seen=NOON,
            fetched_at=NOON,
            backfill=True,
            numbers=("12",),
            names=("Ada Quay",),
            fingerprint=b"\x00\x01\x02",
            mentions=(
                Mention(
                    entity="quay",
                    type="PER",
                    watches=(QUAY_WATCH,),
                    alias="Ada Quay",
                    field="text",
                    start=4,
                    end=12,
                    surface="Ada Quay",
                    zone="lead",
                    score=0.5,
                    why="whole name",
                    quote="said Ada Quay",
                    quote_start=5,
                    quote_end=13,
                ),
            ),
        ),
    ),
    (
        Match,
        KEPT_MATCH,
        Match(
            story=StoryId("a0"),
            relation="copy",
            of=ArticleId("a0"),
            related=StoryId("b0"),
            score=0.75,
            why="shared passages",
            evidence={"passages": 3.0},
            copy=TIDE_COPY,
            mentions=(
                Mention(
                    entity="quay",
                    watches=(QUAY_WATCH,),
                    alias="Quay",
                    field="title",
                    start=0,
                    end=4,
                    surface="Quay",
                    zone="title",
                    score=1.0,
                    why="whole name",
                ),
            ),
            fingerprint=b"\x00\x01\x02",
            annotation_offset=9,
        ),
    ),
    (
        Watchlist,
        KEPT_WATCHLIST,
        Watchlist(
            id=WatchlistId("w"),
            epoch=2,
            version=7,
            name="Harbour",
            entities=(
                Entity(id=EntityId("quay"), type="PER", name="Ada Quay", aliases=("A. Quay",), tickers=("ON",)),
                Entity(id=EntityId("port"), name="Port"),
            ),
        ),
    ),
    (Manifest, KEPT_MANIFEST, Manifest(epoch=2, versions={WatchlistId("w"): 7})),
)


@pytest.mark.parametrize(("kind", "raw", "meant"), KEPT, ids=lambda value: getattr(value, "__name__", ""))
def test_version_1_as_it_stands_on_topics_is_still_read(kind: Any, raw: bytes, meant: msgspec.Struct) -> None:
    assert decode(kind, raw) == meant


def test_every_kind_has_a_kept_sample_of_every_version_so_far() -> None:
    kept = {(kind, json.loads(raw)["v"]) for kind, raw, _ in KEPT}
    assert kept == {(kind, version) for kind, newest in VERSIONS.items() for version in range(1, newest + 1)}


def test_moments_keep_their_microseconds() -> None:
    exact = NOON + timedelta(microseconds=1)
    article = msgspec.structs.replace(decode(Article, KEPT_ARTICLE), fetched_at=exact)
    assert decode(Article, encode(article)).fetched_at == exact
