"""Which story is it, and what must be said?

annotation → place in a story → say it, when somebody watched is named in it or was in an earlier article of the story.
"""

from datetime import datetime

from stream.stories import Decision, StoryWindow
from stream.stories.record import copy_of
from wire.messages import Annotation, Match, Mention


def cluster(annotation: Annotation, window: StoryWindow, *, offset: int, appended_at: datetime) -> Match | None:
    """What must be said of this annotation, None when nobody watched is concerned.

    `offset` is its place in `annotations`, `appended_at` the broker's time for it. The window moves on; a redelivered
    annotation changes nothing and is answered as the first time, with the mentions that it brings.
    """
    decision = window.place(annotation, offset=offset, appended_at=appended_at)
    placed_at = window.offset_of(annotation.id, annotation.revision)
    placed_at = offset if placed_at is None else placed_at
    told = tuple(mention for mention in annotation.mentions if mention.zone != "boilerplate")
    if not told and not window.is_named(decision.story, by=placed_at):
        return None
    return _match(annotation, decision, told, window, placed_at)


def _match(
    annotation: Annotation, decision: Decision, told: tuple[Mention, ...], window: StoryWindow, offset: int
) -> Match:
    is_first = window.is_first_named(decision.story, offset)
    return Match(
        story=decision.story,
        relation=decision.relation,
        of=decision.of,
        related=decision.related,
        score=decision.score,
        why=decision.why,
        evidence=decision.evidence,
        copy=copy_of(annotation, decision),
        mentions=told,
        fingerprint=annotation.fingerprint,
        earlier=window.earlier_copies(decision.story, than=offset) if is_first else (),
        annotation_offset=offset,
    )
