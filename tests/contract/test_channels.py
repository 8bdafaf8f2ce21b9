"""Every kind of channel keeps the same promises, each against a real receiver."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from alerts.channels import KINDS, Channel, check_config, open_channel
from alerts.outcome import Outcome
from newswatch.broker import free_port
from tests.notices import HEADLINE, copy_in, notice
from tests.receivers import mail_server, web_receiver
from wire.errors import Misconfigured
from wire.settings import Settings

SECRET = "whsec_" + "bmV3c3dhdGNoIHNpZ25zIHdoYXQgaXQgc2VuZHM="


@dataclass(frozen=True)
class Destination:
    """A channel with its receiver. `received` are (key, what a reader reads), in the order of arrival."""

    channel: Channel
    received: Callable[[], list[tuple[str, str]]]


def settings_in(folder: Path, **facts: object) -> Settings:
    mail = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_from": "newswatch@news.example"}
    return Settings(home=folder, allow_private=("127.0.0.1",), **(mail | facts))  # type: ignore[arg-type]  # a test's facts


@asynccontextmanager
async def terminal(folder: Path) -> AsyncIterator[Destination]:
    file = folder / "alerts.jsonl"

    def received() -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return [(line["key"], line["title"]) for line in lines]

    yield Destination(open_channel("terminal", {"path": str(file), "format": "json"}, settings_in(folder)), received)


@asynccontextmanager
async def webhook(folder: Path) -> AsyncIterator[Destination]:
    async with web_receiver() as receiver:

        def received() -> list[tuple[str, str]]:
            return [
                (hook.headers["webhook-id"], json.loads(hook.body)["data"]["headline"]) for hook in receiver.received
            ]

        channel = open_channel("webhook", {"url": receiver.url, "secret": SECRET}, settings_in(folder))
        yield Destination(channel, received)


@asynccontextmanager
async def email(folder: Path) -> AsyncIterator[Destination]:
    async with mail_server() as server:

        def received() -> list[tuple[str, str]]:
            return [(str(mail["Message-ID"]), str(mail["Subject"])) for mail in server.mails()]

        settings = settings_in(folder, smtp_port=server.port)
        yield Destination(open_channel("email", {"to": "anne@home.example"}, settings), received)


Opener = Callable[[Path], AbstractAsyncContextManager[Destination]]
OPENERS: dict[str, Opener] = {"email": email, "terminal": terminal, "webhook": webhook}
every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


def away(kind: str, folder: Path) -> Channel:
    """A channel whose receiver is not there."""
    nobody = free_port()
    config = {
        "email": {"to": "anne@home.example"},
        "terminal": {"path": str(folder / "no such folder" / "alerts")},
        "webhook": {"url": f"http://127.0.0.1:{nobody}/", "secret": SECRET},
    }
    return open_channel(kind, config[kind], settings_in(folder, smtp_port=nobody))


@every_kind
def test_a_notice_arrives_and_counts_as_sent(kind: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with OPENERS[kind](tmp_path) as there:
            outcome = await there.channel.send(notice(), attempt=1)
            await there.channel.close()
            assert (outcome.kind, outcome.reason) == ("sent", "ok")
            assert [title for _, title in there.received()] == [HEADLINE]

    asyncio.run(run())


@every_kind
def test_the_key_is_the_same_in_every_attempt_and_differs_between_deliveries(kind: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with OPENERS[kind](tmp_path) as there:
            for attempt, key in enumerate(("one", "one", "two"), 1):
                await there.channel.send(notice(key=key), attempt=attempt)
            await there.channel.close()
            first, again, other = (key for key, _ in there.received())
            assert first == again
            assert first != other

    asyncio.run(run())


@every_kind
def test_notices_sent_at_once_all_arrive_whole(kind: str, tmp_path: Path) -> None:
    async def run() -> None:
        titles = [f"{n} {'Helvion ' * 20}".strip() for n in range(20)]
        async with OPENERS[kind](tmp_path) as there:
            sends = [there.channel.send(notice(copy_in("A", title), key=title), attempt=1) for title in titles]
            outcomes = await asyncio.gather(*sends)
            await there.channel.close()
            assert {outcome.kind for outcome in outcomes} == {"sent"}
            arrived = sorted(title.removeprefix("Orvanne Energy: ") for _, title in there.received())
            assert arrived == sorted(titles)

    asyncio.run(run())


@every_kind
def test_a_receiver_that_is_away_is_transient_and_nothing_is_raised(kind: str, tmp_path: Path) -> None:
    async def run() -> Outcome:
        channel = away(kind, tmp_path)
        outcome = await channel.send(notice(), attempt=1)
        await channel.close()
        return outcome

    outcome = asyncio.run(run())
    assert outcome.kind == "transient"
    assert outcome.snippet


@every_kind
def test_line_ends_in_a_title_make_no_second_message(kind: str, tmp_path: Path) -> None:
    hostile = 'Orvanne Energy\r\n.\r\nBcc: everybody@evil.example\r\n\r\n{"key":"forged"}\n'

    async def run() -> None:
        async with OPENERS[kind](tmp_path) as there:
            outcome = await there.channel.send(notice(copy_in("A", hostile)), attempt=1)
            await there.channel.close()
            assert outcome.kind == "sent"
            assert [title for _, title in there.received()] == [
                'Orvanne Energy . Bcc: everybody@evil.example {"key":"forged"}'
            ]

    asyncio.run(run())


@every_kind
def test_a_channel_may_be_closed_unused_and_twice(kind: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with OPENERS[kind](tmp_path) as there:
            await there.channel.close()
            await there.channel.close()

    asyncio.run(run())


@every_kind
def test_a_channel_shows_no_secret_in_its_repr(kind: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with OPENERS[kind](tmp_path) as there:
            shown = repr(vars(there.channel))
            assert SECRET.removeprefix("whsec_") not in shown
            assert "newswatch signs" not in shown
            await there.channel.close()

    asyncio.run(run())


@every_kind
def test_unknown_keys_and_missing_ones_are_mistakes(kind: str) -> None:
    mistakes = check_config(kind, {"colour": "red"})
    assert mistakes[0].startswith(f"colour: no such key of {kind};")
    assert [mistake.partition(":")[0] for mistake in mistakes[1:]] == list(KINDS[kind].REQUIRED)


def test_an_unknown_kind_gets_the_nearest_name() -> None:
    assert check_config("webhok", {}) == ["kind: unknown kind 'webhok'; did you mean 'webhook'?"]


def test_a_wrong_configuration_opens_no_channel(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="secret: is missing"):
        open_channel("webhook", {"url": "https://a.example/"}, settings_in(tmp_path))
