"""Which parts make up the annotate program?"""

from stream.annotate import annotate
from stream.shell.app import Stage
from stream.shell.handling import Decided
from stream.shell.running import exit_code, run_stage
from stream.shell.watching import Watching
from wire import logs, metrics
from wire.article import Article
from wire.codec import decode, encode
from wire.kafka import Incoming, Record
from wire.service import Service
from wire.settings import Settings
from wire.topics import ANNOTATIONS, ARTICLES

PROGRAM = "annotate"


def run_annotate(settings: Settings) -> int:
    """Read articles, say who is named in them, until asked to stop. Returns the exit code."""
    logs.set_up(settings, PROGRAM)
    with Service(PROGRAM, settings) as service:
        return exit_code(service, lambda: _work(settings, service))


def _work(settings: Settings, service: Service) -> None:
    watching = Watching(settings)
    service.ready_if("watchlists", watching.missing)
    watching.start()
    try:
        if _complete(watching, service):
            run_stage(settings, stage_of(watching), service)
    finally:
        watching.stop()


def stage_of(watching: Watching) -> Stage:
    """The stage that annotates with these watchlists."""
    return Stage(
        program=PROGRAM,
        source=ARTICLES,
        told="article annotated",
        decide=lambda incoming: read(incoming, watching),
        prepare=lambda _: watching.check(),
    )


def read(incoming: Incoming, watching: Watching) -> Decided:
    """The annotation of one article."""
    article = decode(Article, incoming.value or b"")
    annotation = annotate(article, watching.index, partition=incoming.partition, offset=incoming.offset)
    for mention in annotation.mentions:
        metrics.MENTIONS.labels(mention.zone).inc()
    record = Record(topic=ANNOTATIONS, key=None, value=encode(annotation))
    return Decided(records=(record,), fields={"article": annotation.id, "mentions": len(annotation.mentions)})


def _complete(watching: Watching, service: Service) -> bool:
    """Wait for the watchlists; False when a stop comes first. Who lacks one must not join the group."""
    while not service.stopping.is_set():
        if watching.wait(0.1):
            return True
    return False
