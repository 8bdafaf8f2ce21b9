"""Something is said exactly when a watched entity is concerned, and the first time it says what came before."""

from stream.cluster import cluster
from stream.stories import StoryWindow
from tests.newsdesk import annotation, article, entity
from tests.wiretext import HARBOUR, HARBOUR_TITLE, ORCHARD, ORCHARD_TITLE, shortened
from wire.codec import encode
from wire.messages import EARLIER_COPIES, Annotation, Match

MERRIN, TARROW = entity("Oda Merrin", "PER"), entity("Ines Tarrow", "PER")
UNNAMED = HARBOUR.replace("Captain Oda Merrin", "A captain")


def told(name: str, text: str = HARBOUR, title: str = HARBOUR_TITLE, *, outlet: str = "Outlet") -> Annotation:
    return annotation(article(title, text, name=name, outlet=outlet), MERRIN, TARROW)


def run(*annotations: Annotation, window: StoryWindow | None = None) -> list[Match | None]:
    window = StoryWindow() if window is None else window
    return [cluster(one, window, offset=offset, appended_at=one.fetched_at) for offset, one in enumerate(annotations)]


def test_an_article_without_a_watched_name_says_nothing() -> None:
    assert run(told("a", UNNAMED)) == [None]


def test_a_named_article_is_a_match_with_its_mentions() -> None:
    (match,) = run(told("a"))
    assert match is not None
    assert (match.story, match.relation, match.copy.article) == ("a", "new", "a")
    assert [mention.surface for mention in match.mentions] == ["Oda Merrin"]


def test_a_copy_without_the_name_is_said_when_an_earlier_one_had_it() -> None:
    first, copy = run(told("a"), told("b", shortened(UNNAMED)))
    assert first is not None
    assert copy is not None
    assert (copy.story, copy.of, copy.mentions) == ("a", "a", ())


def test_the_first_match_lists_the_copies_before_it() -> None:
    nothing, second, third = run(told("a", UNNAMED, outlet="First"), told("b"), told("c"))
    assert nothing is None
    assert second is not None
    assert third is not None
    assert [(copy.article, copy.outlet) for copy in second.earlier] == [("a", "First")]
    assert third.earlier == ()


def test_no_more_earlier_copies_are_listed_than_a_match_may_hold() -> None:
    *_, match = run(*(told(str(place), UNNAMED) for place in range(60)), told("named"))
    assert match is not None
    assert len(match.earlier) == EARLIER_COPIES
    assert match.earlier[0].article == "0"


def test_a_name_in_a_promo_tail_says_nothing() -> None:
    tail = f"{UNNAMED}\n\nRead more: Oda Merrin on the night rota"
    annotated = told("a", tail)
    assert [mention.zone for mention in annotated.mentions] == ["boilerplate"]
    assert run(annotated) == [None]


def test_a_redelivered_annotation_is_answered_as_the_first_time() -> None:
    window = StoryWindow()
    log = [told("a", UNNAMED), told("b"), told("c", ORCHARD, ORCHARD_TITLE), told("d", shortened(HARBOUR))]
    first = run(*log, window=window)
    again = [cluster(one, window, offset=offset + 10, appended_at=one.fetched_at) for offset, one in enumerate(log)]
    assert [match and encode(match) for match in again] == [match and encode(match) for match in first]


def test_a_redelivered_annotation_is_said_with_the_mentions_it_brings() -> None:
    window = StoryWindow()
    run(told("a", UNNAMED), window=window)
    watched_since = annotation(article(HARBOUR_TITLE, UNNAMED, name="a"), entity("Port Ansel", "LOC"))
    match = cluster(watched_since, window, offset=5, appended_at=watched_since.fetched_at)
    assert match is not None
    assert {mention.entity for mention in match.mentions} == {"Port Ansel"}
