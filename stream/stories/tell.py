"""How is a decision told, with what speaks for it?"""

from stream.stories.decide import Found, Seen, chance, evidence_of, relation_of
from stream.stories.decision import Decision
from stream.stories.record import Record
from wire.messages import Annotation, StoryId


def joined(new: Seen, found: Found, old: Record) -> Decision:
    """The article belongs to the story of an earlier one."""
    relation = relation_of(new, found)
    return Decision(
        story=old.decision.story,
        relation=relation,
        of=old.copy.article,
        score=chance(found.score),
        why=f"{relation}: {_seen_in(found)}",
        evidence=evidence_of(found),
    )


def edit_of(new: Seen, found: Found, old: Record) -> Decision:
    """An article's edit stays in its story, whatever became of its words."""
    relation = relation_of(new, found)
    return Decision(
        story=old.decision.story,
        relation="copy" if relation == "translation" else relation,
        of=old.copy.article,
        score=1.0,
        why="the same article, edited",
        evidence=evidence_of(found),
    )


def first_of(annotation: Annotation, nearest: Found | None, related: Found | None, event: StoryId | None) -> Decision:
    """The first article of its story; `event` is the earlier story that tells of the same event."""
    why = "nothing like it in the window" if nearest is None else f"nearest earlier differs: {_seen_in(nearest)}"
    if related is not None:
        why += f"; same event as {event}: {related.likeness['anchors']:.0f} rare terms shared"
    return Decision(
        story=StoryId(annotation.id),
        relation="new",
        related=event,
        score=round(1.0 - chance(nearest.score if nearest else -30), 3),
        why=why,
        evidence=evidence_of(nearest) if nearest else {},
    )


def _seen_in(found: Found) -> str:
    told = found.likeness
    against = " numbers differ," if _numbers_differ(told) else ""
    page = " the same address," if found.same_page else ""
    return (
        f"{page}{against} {told['passages_shared']:.0f} passages and {told['anchors']:.0f} rare terms shared, "
        f"title {found.title_alike:.0%} alike"
    ).strip()


def _numbers_differ(told: dict[str, float]) -> bool:
    return min(told["only_numbers_new"], told["only_numbers_old"]) > told["numbers_shared"]
