"""Who is named, where, how surely?

`AliasIndex` holds every watched name of all watchlists; `find_mentions` finds them in one article. Pure: the same text
and the same watchlists give the same mentions.
"""

from stream.matching.find import Refusal, find_mentions, find_refusals
from stream.matching.index import AliasIndex

__all__ = ["AliasIndex", "Refusal", "find_mentions", "find_refusals"]
