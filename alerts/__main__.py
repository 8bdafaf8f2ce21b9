"""The alert program's process: settings → objects → run."""

from alerts.database import open_database
from alerts.migrations import migrate
from alerts.worker import PROGRAM, Worker
from wire.kafka import wait_for_kafka
from wire.service import Service
from wire.settings import Settings

KAFKA_SECONDS = 60.0


def run(settings: Settings) -> int:
    """Record matches and send alerts until asked to stop. Returns the exit code."""
    with Service(PROGRAM, settings) as service:
        engine = open_database(settings.alerts_url)
        try:
            migrate(engine)
            wait_for_kafka(settings, KAFKA_SECONDS)
            Worker(engine, settings, service).run()
        finally:
            engine.dispose()
    return 0
