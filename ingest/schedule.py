"""When is a feed due?

Pure: times are Unix seconds and come in as arguments. What the feed's file or the settings ask for is the rule; what
a server demands (Retry-After) and what fails puts it off; every put-off has a ceiling, because servers were seen to ask
for 88 hours, and for the year 2099.
"""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

HOUR = 3600.0
LEAST_INTERVAL = 60.0  # between two polls of a stranger's feed
START_GAP = 5.0  # between two starts at one host, as Media Cloud keeps it over 180,000 feeds
HOST_PARALLEL = 2
JITTER = 0.1
MOST_DOUBLINGS = 6  # of the interval, by failures: 15 min become 16 h
LONGEST_WAIT = 24 * HOUR
PARALLEL_RETRY = 1.0

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast one feed may be polled. `own`: the host is the operator's and knows no politeness."""

    feed: str
    interval: float
    own: bool = False

    @property
    def seconds(self) -> float:
        """The interval in force."""
        return self.interval if self.own else max(self.interval, LEAST_INTERVAL)


def next_poll(pace: Pace, now: float, *, failures: int = 0, retry_after: float = 0.0) -> float:
    """When to poll next, after a poll that ended at `now`, `failures` of them in a row."""
    wait = pace.seconds * (1 + JITTER * _spread(pace.feed, now))
    if failures:
        wait = min(wait * 2 ** min(failures - 1, MOST_DOUBLINGS), max(LONGEST_WAIT, wait))
    demanded = min(max(retry_after, 0.0), LONGEST_WAIT)
    return now + max(wait, demanded * (1 + JITTER * abs(_spread(pace.feed, now))))


def first_poll(pace: Pace, now: float, *, remembered: float | None, failures: int = 0) -> float:
    """When to poll after a start or an edit of the list: as remembered, and at once what was never polled.

    A shorter interval takes effect at once, and a clock that was set back does not silence a feed; but what a server
    or a failure put off stays put off.
    """
    if remembered is None:
        return now
    if failures:
        return min(remembered, now + LONGEST_WAIT * (1 + JITTER))
    return min(remembered, now + pace.seconds * (1 + JITTER))


def host_of(url: str) -> str:
    """The host of an address as politeness counts it, with a port that is not the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return host if port == _DEFAULT_PORTS.get(parts.scheme) else f"{host}:{port}"


def is_own(url: str, own_hosts: tuple[str, ...]) -> bool:
    """Whether the operator calls this host, or this port of it, their own."""
    host = host_of(url)
    return any(own.lower() in (host, host.rpartition(":")[0]) for own in own_hosts)


class Hosts:
    """Who may start at which host: few at once, and never soon after each other."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._next_start: dict[str, float] = {}

    def wait(self, host: str, now: float) -> float:
        """Seconds until a poll may start at this host; 0 when it may start at once."""
        gap = self._next_start.get(host, now) - now
        if gap <= 0 and self._running.get(host, 0) >= HOST_PARALLEL:
            return PARALLEL_RETRY
        return max(gap, 0.0)

    def start(self, host: str, now: float) -> None:
        self._running[host] = self._running.get(host, 0) + 1
        self._next_start[host] = now + START_GAP

    def end(self, host: str) -> None:
        left = self._running.get(host, 0) - 1
        if left > 0:
            self._running[host] = left
        else:
            self._running.pop(host, None)

    def forget_idle(self, now: float) -> None:
        """Drop hosts that hold nobody back."""
        self._next_start = {host: at for host, at in self._next_start.items() if at > now or host in self._running}


def _spread(feed: str, now: float) -> float:
    """Between -1 and 1: the same for a feed at one time, unrelated between feeds and between times."""
    digest = sha256(f"{feed} {now:.3f}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**63 - 1
