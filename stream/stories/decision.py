"""What was decided about one article, and on which evidence?"""

import msgspec

from wire.article import ArticleId
from wire.messages import Relation, StoryId


class Decision(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Which story an article belongs to.

    `of` is the earlier article that it was found to be a copy of, None for the first of its story. `evidence` are
    numbers that a person can check.
    """

    story: StoryId
    relation: Relation
    of: ArticleId | None = None
    related: StoryId | None = None
    score: float
    why: str
    evidence: dict[str, float] = {}
