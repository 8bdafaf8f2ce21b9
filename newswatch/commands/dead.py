"""`newswatch dead`: which messages could not be processed, why, and shall they be tried again?"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from newswatch.commands import replays
from newswatch.commands.output import console
from wire import settings as configuration
from wire.dead import letter_of, topic_of
from wire.errors import NewswatchError, Rejected
from wire.kafka import Incoming, LogReader, Publisher, Record
from wire.messages import DeadLetter
from wire.settings import Settings
from wire.topics import ANNOTATIONS, ARTICLES, MATCHES, dead

app = typer.Typer(help="Look at the messages that could not be processed, and send them back.", no_args_is_help=True)

LogName = Literal["articles", "annotations", "matches"]
Reason = Literal["undecodable", "too_large", "refused", "crashed", "hung", "bug"]
TOPICS = {topic.name: topic for topic in (ARTICLES, ANNOTATIONS, MATCHES)}
SHOWN_BYTES = 2000
ID = re.compile(r"(articles|annotations|matches)/(\d+)/(\d+)")

OfTopic = Annotated[LogName | None, typer.Option("--topic", help="Only those that were read from this topic.")]
OfReason = Annotated[Reason | None, typer.Option("--reason", help="Only those with this reason.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    """A dead letter in its grave. Its id says which topic's letter it is, and its place among those."""

    id: str
    at: datetime
    letter: DeadLetter
    replayed: str = ""  # when it was sent back last

    @property
    def mark(self) -> str:
        """What this letter is remembered by: on another Kafka, or a topic made anew, another one has its id."""
        return f"{self.id}@{self.at.isoformat(timespec='milliseconds')}"

    @property
    def message(self) -> tuple[str, bytes | None, str]:
        """What several letters share that are about one and the same message."""
        return (self.letter.topic, self.letter.key, hashlib.sha256(self.letter.value).hexdigest())


@app.command("list")
def list_(
    topic: OfTopic = None,
    reason: OfReason = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest last.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What could not be processed, and why. The first column is the id that `show` and `replay` take."""
    found = sorted(_buried(configuration.load(), topic, reason), key=lambda one: one.at)[-limit:]
    if as_json:
        for one in found:
            print(json.dumps(_fields(one)))
    elif not found:
        print("No dead letters.")
    else:
        _print_table(found)


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `dead list` prints it, e.g. articles/0/17.")],
    raw: Annotated[bool, typer.Option("--raw", help="Only the message's bytes, as they were.")] = False,
    as_json: AsJson = False,
) -> None:
    """One dead letter: where it was, what went wrong, and the message itself."""
    (one,) = _chosen(configuration.load(), [id_])
    if raw:
        sys.stdout.buffer.write(one.letter.value)
        return
    value = one.letter.value[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    if as_json:
        print(json.dumps(_fields(one) | {"value": value}))
        return
    for name, field in _fields(one).items():
        print(f"{name:10} {_harmless(str(field))}")
    print(f"\n{_harmless(value)}{' …' if len(one.letter.value) > SHOWN_BYTES else ''}")


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As `dead list` prints them.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All of them, or all that --topic and --reason leave.")] = False,
    topic: OfTopic = None,
    reason: OfReason = None,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="With --all, --topic or --reason: also those that were sent back before.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
) -> None:
    """Send messages back to the topic that they came from, each once. Sending one twice changes nothing downstream."""
    settings = configuration.load()
    if bool(ids) == (all_ or topic is not None or reason is not None):
        raise typer.BadParameter("name the letters, or choose them with --all, --topic or --reason")
    if ids:
        found = _chosen(settings, ids)
    else:
        every = list(_buried(settings, topic, reason))
        found = [one for one in every if again or not one.replayed]
        if len(found) < len(every):
            print(f"{len(every) - len(found)} were sent back before and are left out (--again)", file=sys.stderr)
    whole = [one for one in found if not one.letter.cut_sha256]
    for one in found:
        if one.letter.cut_sha256:
            print(f"{one.id}: only its first megabyte was kept: it cannot be sent back", file=sys.stderr)
    refused = {} if dry_run else _send_back(settings, whole)
    if not dry_run:
        replays.add(settings.home, (one.mark for one in whole if one.id not in refused))
    for one in whole:
        print(f"{one.id}: {refused.get(one.id) or ('would be sent' if dry_run else 'sent')} to {one.letter.topic}")
    if refused or len(whole) < len(found):
        raise typer.Exit(1)


def _send_back(settings: Settings, buried: Sequence[Buried]) -> dict[str, str]:
    """Why Kafka refuses some of them, by id. A message that several letters are about is sent once."""
    messages = {one.message: one.letter for one in buried}
    publisher = Publisher(settings, "newswatch-dead")
    try:
        verdicts = publisher.publish(
            [Record(topic=topic_of(each), key=each.key, value=each.value) for each in messages.values()]
        )
    finally:
        publisher.close()
    refused = {message: verdict for message, verdict in zip(messages, verdicts, strict=True) if verdict}
    return {one.id: f"refused ({refused[one.message]})" for one in buried if one.message in refused}


def _chosen(settings: Settings, ids: Sequence[str]) -> list[Buried]:
    """The letters of these ids, in this order, each once."""
    ids = tuple(dict.fromkeys(ids))
    for id_ in ids:
        if not ID.fullmatch(id_):
            raise typer.BadParameter(f"{id_!r} is no id of a dead letter: they look like articles/0/17")
    topics = dict.fromkeys(id_.partition("/")[0] for id_ in ids)
    found = {one.id: one for topic in topics for one in _buried(settings, topic, None) if one.id in ids}
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        raise NewswatchError(f"no dead letter {', '.join(missing)}: `newswatch dead list` shows what there is")
    return [found[id_] for id_ in ids]


def _buried(settings: Settings, topic: str | None, reason: str | None) -> Iterator[Buried]:
    replayed = replays.read(settings.home)
    for name, source in TOPICS.items():
        if topic not in {None, name}:
            continue
        for incoming in _all_of(LogReader(settings, dead(source))):
            one = _opened(name, incoming)
            if one is not None and reason in {None, one.letter.reason}:
                yield replace(one, replayed=replayed.get(one.mark, ""))


def _opened(name: str, incoming: Incoming) -> Buried | None:
    id_ = f"{name}/{incoming.partition}/{incoming.offset}"
    try:
        letter = letter_of(incoming)
    except Rejected as error:
        print(f"{id_}: {_harmless(str(error))}", file=sys.stderr)
        return None
    return Buried(id=id_, at=datetime.fromtimestamp(incoming.timestamp_ms / 1000, UTC), letter=letter)


def _all_of(reader: LogReader) -> Iterator[Incoming]:
    try:
        while True:
            records = reader.poll(0.5)
            yield from records
            if not records and reader.caught_up():
                return
    finally:
        reader.close()


def _fields(one: Buried) -> dict[str, object]:
    letter = one.letter
    return {
        "id": one.id,
        "at": one.at.isoformat(timespec="seconds"),
        "reason": letter.reason,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "program": letter.program,
        "version": letter.version,
        "bytes": len(letter.value),
        "replayed": one.replayed,
        "detail": letter.detail,
    }


def _harmless(text: str) -> str:
    """Without what a terminal would obey: a message may hold anything."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _print_table(found: Sequence[Buried]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "at", "reason", "program", "was at", "replayed", "detail"):
        table.add_column(name, overflow="fold")
    for one in found:
        letter = one.letter
        was_at = f"{letter.topic}[{letter.partition}] {letter.offset}"
        last = letter.detail.strip().rpartition("\n")[2]
        sent_back = f"{datetime.fromisoformat(one.replayed).astimezone():%Y-%m-%d %H:%M}" if one.replayed else ""
        at = f"{one.at.astimezone():%Y-%m-%d %H:%M}"
        cells = (one.id, at, letter.reason, letter.program, was_at, sent_back, last)
        table.add_row(*(Text(_harmless(str(cell))) for cell in cells))
    console().print(table)
