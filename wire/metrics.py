"""What do we count? (every metric, one file; the only importer of prometheus-client)

Base units, closed label sets, all known label sets at zero from the start. No feed, watchlist, story, address or
exception text is ever a label.
"""

import prometheus_client as prometheus
from prometheus_client import Counter, Gauge, Histogram

from wire.messages import DEAD_REASONS, RELATIONS, ZONES

prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]  # a driver's gap

STAGES = ("poll", "annotate", "cluster", "alert", "deliver")
STAGE_OUTCOMES = ("ok", "error", "dead")
POLL_OUTCOMES = (
    "ok",
    "not_modified",
    "timeout",
    "dns",
    "connection",
    "tls",
    "address",
    "redirect",
    "protocol",
    "rate_limited",
    "forbidden",
    "not_found",
    "gone",
    "client_error",
    "server_error",
    "too_large",
    "html",
    "empty",
    "not_a_feed",
    "malformed",
    "unreadable",
    "bug",
)
ARTICLE_EVENTS = ("new", "updated", "backfill")
CHANNEL_KINDS = ("terminal", "webhook", "email")
DELIVERY_OUTCOMES = ("sent", "transient", "rate_limited", "permanent", "gone", "uncertain")
SUPPRESSIONS = ("backfill", "age", "late", "zone", "update", "channel_disabled")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TO_ACCEPT_SECONDS = (0.25, 0.5, 1, 2, 2.5, 4, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 900, 3600)

BUILD_INFO = Gauge("newswatch_build_info", "Always 1; the labels say what runs.", ["program", "version"])

POLLS = Counter("newswatch_feed_polls_total", "Polls of feeds by how they ended.", ["outcome"])
POLL_SECONDS = Histogram("newswatch_feed_poll_duration_seconds", "How long one poll took.", buckets=SECONDS)
FEEDS = Gauge("newswatch_feeds", "Feeds by state.", ["state"])
ARTICLES_INGESTED = Counter("newswatch_articles_ingested_total", "Articles put on Kafka, by event.", ["event"])

STAGE_ITEMS = Counter("newswatch_stage_items_total", "Items a stage has finished, by outcome.", ["stage", "outcome"])
STAGE_SECONDS = Histogram(
    "newswatch_stage_duration_seconds", "Time a stage spent on one item.", ["stage"], buckets=SECONDS
)
STAGE_LAST_ITEM = Gauge("newswatch_stage_last_item_timestamp_seconds", "When a stage last finished an item.", ["stage"])
LAG = Gauge("newswatch_consumer_lag_messages", "Messages that wait for this process.", ["topic"])
DEAD_LETTERS = Counter("newswatch_dead_letters_total", "Messages set aside, by program and reason.", ["reason"])

MENTIONS = Counter("newswatch_mentions_total", "Mentions found, by where they stand.", ["zone"])
STORY_DECISIONS = Counter(
    "newswatch_story_decisions_total", "Articles placed, by relation to their story.", ["relation"]
)
STORY_WINDOW = Gauge("newswatch_story_window_articles", "Articles in the story window.")
WATCHLIST_ENTITIES = Gauge("newswatch_watchlist_entities", "Distinct watched entities in the index in force.")
WATCHLIST_SWAPS = Counter("newswatch_watchlist_swaps_total", "Times an edited index came into force.")

ALERTS_CREATED = Counter("newswatch_alerts_created_total", "Alerts created.")
ALERTS_SUPPRESSED = Counter("newswatch_alerts_suppressed_total", "Articles held back, by reason.", ["reason"])
ATTEMPTS = Counter(
    "newswatch_delivery_attempts_total",
    "Attempts to deliver, by kind of channel and outcome.",
    ["channel_kind", "outcome"],
)
ATTEMPT_SECONDS = Histogram(
    "newswatch_delivery_attempt_duration_seconds", "How long one attempt took.", ["channel_kind"], buckets=SECONDS
)
FETCH_TO_ACCEPT = Histogram(
    "newswatch_alert_fetch_to_accept_seconds",
    "From fetching the article to the receiver's acceptance.",
    ["channel_kind"],
    buckets=TO_ACCEPT_SECONDS,
)
DELIVERIES = Gauge("newswatch_deliveries", "Deliveries in the ledger, by state.", ["state"])


def start_at_zero(program: str, version: str) -> None:
    """Expose every known label set from the first scrape on, so that a rate never starts with a gap."""
    BUILD_INFO.labels(program, version).set(1)
    for counter, names in (
        (POLLS, POLL_OUTCOMES),
        (ARTICLES_INGESTED, ARTICLE_EVENTS),
        (DEAD_LETTERS, DEAD_REASONS),
        (STORY_DECISIONS, RELATIONS),
        (MENTIONS, ZONES),
        (ALERTS_SUPPRESSED, SUPPRESSIONS),
    ):
        for name in names:
            counter.labels(name)
    for stage in STAGES:
        STAGE_SECONDS.labels(stage)
        for outcome in STAGE_OUTCOMES:
            STAGE_ITEMS.labels(stage, outcome)
    for kind in CHANNEL_KINDS:
        FETCH_TO_ACCEPT.labels(kind)
        for outcome in DELIVERY_OUTCOMES:
            ATTEMPTS.labels(kind, outcome)


def finished(stage: str, outcome: str, seconds: float) -> None:
    """One item of a stage is done."""
    STAGE_ITEMS.labels(stage, outcome).inc()
    STAGE_SECONDS.labels(stage).observe(seconds)
    STAGE_LAST_ITEM.labels(stage).set_to_current_time()


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    return prometheus.generate_latest()
