"""What is there to tell? (the facts that every channel renders)"""

from dataclasses import dataclass
from datetime import datetime

from wire.messages import Copy, Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One delivery's content: one story, for one destination, with all that speaks for telling it.

    `key` is the idempotency key: the same in every attempt. `copies` starts with the article that is told and lists the
    others as they are known at sending time. `timezone` is an IANA name, `language` the subscriber's (`en`, `fr`, …).
    """

    key: str
    occasion: str
    alert: int
    story: str
    watchlists: tuple[str, ...]
    mentions: tuple[Mention, ...]
    copies: tuple[Copy, ...]
    copy_count: int
    outlet_count: int
    timezone: str = "UTC"
    language: str = "en"
    matched_at: datetime

    @property
    def told(self) -> Copy:
        """The article that this notice tells of."""
        return self.copies[0]
