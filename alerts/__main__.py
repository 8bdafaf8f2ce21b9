"""The alert program's process: settings → objects → run."""

from alerts.database import open_database
from alerts.migrations import migrate
from alerts.worker import PROGRAM, Worker
from wire.service import Service
from wire.settings import Settings


def run(settings: Settings) -> int:
    """Record matches and send alerts until asked to stop. Returns the exit code."""
    with Service(PROGRAM, settings) as service:
        engine = open_database(settings.alerts_url)
        try:
            migrate(engine)
            Worker(engine, settings, service).run()
        finally:
            engine.dispose()
    return 0
