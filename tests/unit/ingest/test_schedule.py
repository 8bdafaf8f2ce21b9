from hypothesis import given
from hypothesis import strategies as st

from ingest.schedule import (
    HOST_PARALLEL,
    JITTER,
    LEAST_INTERVAL,
    LONGEST_WAIT,
    START_GAP,
    Hosts,
    Pace,
    first_poll,
    host_of,
    is_own,
    next_poll,
)

NOW = 1_700_000_000.0
times = st.floats(min_value=1e9, max_value=4e9)
intervals = st.floats(min_value=0.05, max_value=86400)


def pace(interval: float = 900.0, *, own: bool = False) -> Pace:
    return Pace(feed="paper", interval=interval, own=own)


@given(intervals, times, st.booleans())
def test_a_poll_follows_after_the_interval_give_or_take_the_jitter(interval: float, now: float, own: bool) -> None:
    wait = next_poll(pace(interval, own=own), now) - now
    rule = interval if own else max(interval, LEAST_INTERVAL)

    assert rule * (1 - JITTER) - 1e-3 <= wait <= rule * (1 + JITTER) + 1e-3


def test_feeds_with_one_interval_spread_out() -> None:
    times = {next_poll(Pace(feed=f"paper-{n}", interval=900), NOW) for n in range(100)}

    assert len(times) == 100
    assert max(times) - min(times) > 100


def test_the_same_feed_at_the_same_time_gets_the_same_answer() -> None:
    assert next_poll(pace(), NOW) == next_poll(pace(), NOW)


@given(st.integers(min_value=0, max_value=10_000), intervals, times, st.booleans())
def test_failures_put_off_more_and_more_but_never_for_ever(
    failures: int, interval: float, now: float, own: bool
) -> None:
    this = next_poll(pace(interval, own=own), now, failures=failures)
    more = next_poll(pace(interval, own=own), now, failures=failures + 1)

    assert this <= more
    assert more - now <= max(LONGEST_WAIT, interval * (1 + JITTER)) + 1e-3


def test_a_quick_feed_of_ones_own_is_back_within_a_minute() -> None:
    assert next_poll(pace(0.5, own=True), NOW, failures=50) - NOW < 60


@given(st.floats(allow_nan=False), times)
def test_what_a_server_demands_is_kept_up_to_a_day(demanded: float, now: float) -> None:
    wait = next_poll(pace(), now, failures=1, retry_after=demanded) - now

    assert wait >= min(demanded, LONGEST_WAIT) - 1e-3
    assert wait <= LONGEST_WAIT * (1 + JITTER) + 1e-3


def test_what_was_never_polled_is_due_at_once() -> None:
    assert first_poll(pace(), NOW, remembered=None) == NOW


def test_a_restart_polls_nobody_early() -> None:
    assert first_poll(pace(), NOW, remembered=NOW + 500) == NOW + 500


def test_a_shorter_interval_takes_effect_at_once() -> None:
    assert first_poll(pace(300), NOW, remembered=NOW + 86000) <= NOW + 300 * (1 + JITTER)


def test_what_a_failure_put_off_stays_put_off() -> None:
    assert first_poll(pace(300), NOW, remembered=NOW + 40_000, failures=3) == NOW + 40_000


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    assert first_poll(pace(), NOW, remembered=NOW + 1e8, failures=3) <= NOW + LONGEST_WAIT * (1 + JITTER)


def test_hosts_are_counted_with_their_odd_ports() -> None:
    assert host_of("https://News.Example/feed") == "news.example"
    assert host_of("https://news.example:443/feed") == "news.example"
    assert host_of("http://127.0.0.1:8080/feed") == "127.0.0.1:8080"


def test_own_hosts_are_named_with_or_without_port() -> None:
    assert is_own("http://127.0.0.1:8080/feed", ("127.0.0.1",))
    assert is_own("http://127.0.0.1:8080/feed", ("127.0.0.1:8080",))
    assert is_own("https://news.example/feed", ("NEWS.example",))
    assert not is_own("http://127.0.0.1:8080/feed", ("127.0.0.1:9090",))
    assert not is_own("https://news.example/feed", ())
    assert not is_own("https://news.example.evil.example/feed", ("news.example",))


def test_a_host_is_not_asked_twice_within_the_gap() -> None:
    hosts = Hosts()
    hosts.start("a.example", NOW)

    assert hosts.wait("a.example", NOW + 1) == START_GAP - 1
    assert hosts.wait("a.example", NOW + START_GAP) == 0
    assert hosts.wait("b.example", NOW + 1) == 0


def test_a_host_serves_few_at_once() -> None:
    hosts = Hosts()
    for n in range(HOST_PARALLEL):
        hosts.start("a.example", NOW + n * START_GAP)
    later = NOW + 100

    assert hosts.wait("a.example", later) > 0
    hosts.end("a.example")
    assert hosts.wait("a.example", later) == 0


def test_forgetting_idle_hosts_forgets_no_gap() -> None:
    hosts = Hosts()
    hosts.start("a.example", NOW)
    hosts.end("a.example")
    hosts.forget_idle(NOW + 1)

    assert hosts.wait("a.example", NOW + 1) > 0
    hosts.forget_idle(NOW + 100)
    assert hosts.wait("a.example", NOW + 100) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 20)), max_size=60))
def test_gap_and_parallelism_hold_whatever_comes_when(steps: list[tuple[int, float]]) -> None:
    """Against the slow obvious rule: every start looks at all starts and ends before it."""
    hosts, now = Hosts(), NOW
    starts: dict[str, list[float]] = {}
    running: dict[str, int] = {}
    for number, pause in steps:
        host = f"{number % 2}.example"
        now += pause
        if number >= 2 and running.get(host):
            hosts.end(host)
            running[host] -= 1
            continue
        allowed = all(now - start >= START_GAP for start in starts.get(host, [])) and running.get(host, 0) < 2
        assert (hosts.wait(host, now) == 0) == allowed
        if allowed:
            hosts.start(host, now)
            starts.setdefault(host, []).append(now)
            running[host] = running.get(host, 0) + 1
