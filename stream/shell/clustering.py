"""Which parts make up the cluster program?"""

from stream.shell.app import Stage
from stream.shell.live_window import LiveWindow
from stream.shell.running import exit_code, run_stage
from stream.stories import StoryWindow
from wire import logs
from wire.service import Service
from wire.settings import Settings
from wire.topics import ANNOTATIONS

PROGRAM = "cluster"
SESSION, HEARTBEAT = 6.0, 2.0  # there is one that works: its standby shall not wait for it longer than it must


def run_cluster(settings: Settings) -> int:
    """Read annotations, say which story each is and what must be told, until asked to stop. Returns the exit code."""
    logs.set_up(settings, PROGRAM)
    with Service(PROGRAM, settings) as service:
        return exit_code(service, lambda: _work(settings, service))


def _work(settings: Settings, service: Service) -> None:
    restoring = ["reading the log"]
    service.ready_if("window", lambda: "".join(restoring))
    live = LiveWindow(settings, PROGRAM, lambda: empty_window(settings), alive=service.progress)
    live.restore()
    restoring.clear()
    standing = run_stage(settings, stage_of(live), service)
    live.close(standing)


def stage_of(live: LiveWindow) -> Stage:
    """The stage that decides with this window."""
    return Stage(
        program=PROGRAM,
        source=ANNOTATIONS,
        told="article clustered",
        decide=live.decide,
        prepare=live.prepare,
        tick=live.tick,
        session=SESSION,
        heartbeat=HEARTBEAT,
    )


def empty_window(settings: Settings) -> StoryWindow:
    """A window that knows nothing yet."""
    return StoryWindow(
        articles=settings.story_articles, hours=settings.story_hours, memory_days=settings.story_memory_days
    )
