"""Which recent articles share a passage, a title or an address with this one?"""

from array import array
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable

READ = 64  # newest articles read of one key: a phrase that more share tells little
CANDIDATES = 12


class Postings:
    """From a key to the offsets of the articles filed under it, ascending. A lone offset is kept bare: most are."""

    def __init__(self) -> None:
        self._lists: dict[int, int | array[int]] = {}

    def add(self, keys: Iterable[int], offset: int) -> None:
        for key in keys:
            held = self._lists.get(key)
            if held is None:
                self._lists[key] = offset
            elif isinstance(held, int):
                self._lists[key] = array("Q", sorted((held, offset)))
            else:
                insort(held, offset)

    def remove(self, keys: Iterable[int], offset: int) -> None:
        """Take back what `add` filed under the same keys."""
        for key in keys:
            held = self._lists[key]
            if isinstance(held, int):
                del self._lists[key]
                continue
            del held[bisect_left(held, offset)]
            if len(held) == 1:
                self._lists[key] = held[0]

    def candidates(self, keys: Iterable[int], before: int) -> list[int]:
        """Offsets below `before` that share the most keys, best first; of equals the older first."""
        votes: Counter[int] = Counter()
        for key in keys:
            held = self._lists.get(key)
            if isinstance(held, int):
                votes[held] += 1
            elif held is not None:
                votes.update(held[-READ:])
        ranked = sorted(((-count, offset) for offset, count in votes.items() if offset < before))
        return [offset for _, offset in ranked[:CANDIDATES]]
