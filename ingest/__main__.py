"""The poller's process: settings → objects → run."""

import asyncio

from ingest.feeds import FeedList
from ingest.outbox import Outbox
from ingest.poller import Poller
from ingest.state import State
from wire.kafka import Publisher
from wire.service import Service
from wire.settings import Settings

PUBLISH_SECONDS = 10.0  # before Kafka counts as away; a stop waits for one publish at most


def run(settings: Settings) -> int:
    """Poll the feeds until asked to stop. Returns the exit code."""
    with Service("poll", settings) as service:
        feeds = FeedList(settings.feeds_file)
        state = State(settings.ingest_url)
        publisher = Publisher(settings, client_id="newswatch-poll", delivery_timeout=PUBLISH_SECONDS)
        outbox = Outbox(publisher)
        service.ready_if("kafka", lambda: outbox.away)
        service.watch(lambda: True)
        try:
            asyncio.run(_poll(settings, feeds, state, outbox, service))
        finally:
            outbox.close()
            publisher.close()
            state.close()
    return 0


async def _poll(settings: Settings, feeds: FeedList, state: State, outbox: Outbox, service: Service) -> None:
    await Poller(settings, feeds, state, outbox, service).run()
