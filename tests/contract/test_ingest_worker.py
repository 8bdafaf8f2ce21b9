"""The parsing child, with documents that kill parsers."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ingest import worker
from ingest.worker import CPU_SECONDS, Parser, Unreadable

FEED = b'<rss version="2.0"><channel><item><title>Quay</title><guid>1</guid></item></channel></rss>'
ATTRIBUTES = b" ".join(b'a%d="%d"' % (number, number) for number in range(60_000))
FLOOD = b'<rss version="2.0"><channel><item ' + ATTRIBUTES + b"><title>t</title></item></channel></rss>"
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(10))
    + b']><rss version="2.0"><channel><item><title>&a9;</title></item></channel></rss>'
)


async def titles(parser: Parser, body: bytes) -> list[str]:
    document = await parser.articles_in(body, url="https://a.example/", content_type="")
    return [draft.title for draft in document.drafts]


async def most_lag(stop: asyncio.Event) -> float:
    """The longest that the loop did not come round, in seconds, until `stop`."""
    worst = 0.0
    while not stop.is_set():
        begun = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - begun - 0.01)
    return worst


def test_documents_are_read_one_after_the_other() -> None:
    async def read() -> None:
        parser = Parser()
        assert await asyncio.gather(*(titles(parser, FEED) for _ in range(20))) == [["Quay"]] * 20
        await parser.close()

    asyncio.run(read())


def test_an_attribute_flood_ends_its_process_and_nothing_else() -> None:
    async def read() -> None:
        parser, stop = Parser(), asyncio.Event()
        assert await titles(parser, FEED) == ["Quay"]
        lag = asyncio.create_task(most_lag(stop))
        begun = time.monotonic()
        with pytest.raises(Unreadable):
            await titles(parser, FLOOD)
        took = time.monotonic() - begun
        stop.set()

        assert await lag < CPU_SECONDS / 2  # parsing it here would have held the loop for all of them
        assert took >= CPU_SECONDS * 0.9
        assert await titles(parser, FEED) == ["Quay"]
        await parser.close()

    asyncio.run(read())


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        b"<rss version='2.0'><channel>" + b"<a>" * 100_000,
        b"<" * 300_000,
        b"&" * 300_000,
        b"<rss version='2.0'><channel><item><title>" + b"x" * 5_000_000,
        b"\x00" * 100_000,
        b'<?xml version="1.0" encoding="utf-7"?>' + FEED,
        b'<?xml version="1.0" encoding="unicode_escape"?>' + FEED,
        b'<?xml version="1.0" encoding="bz2"?>' + FEED,
        b"/etc/passwd",
    ],
    ids=["laughs", "deep", "angles", "ampersands", "long", "nul", "utf-7", "escape", "bz2", "path"],
)
def test_after_a_hostile_document_the_next_one_is_read(body: bytes) -> None:
    async def read() -> None:
        parser = Parser()
        try:
            found = await titles(parser, body)
        except Unreadable:
            found = []
        assert all(len(title) <= 2000 for title in found)
        assert await titles(parser, FEED) == ["Quay"]
        await parser.close()

    asyncio.run(read())


def test_a_child_that_is_killed_is_replaced() -> None:
    async def read() -> None:
        parser = Parser()
        await titles(parser, FEED)
        (child,) = [each for each in psutil.Process().children() if "ingest.worker" in each.cmdline()]
        child.kill()
        child.wait()
        try:
            await titles(parser, FEED)
        except Unreadable:
            assert await titles(parser, FEED) == ["Quay"]
        await parser.close()

    asyncio.run(read())


def test_a_document_that_waits_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "WALL_SECONDS", 1.0)

    async def read() -> None:
        parser = Parser()
        begun = time.monotonic()
        with pytest.raises(Unreadable):
            await titles(parser, FLOOD)
        assert time.monotonic() - begun < CPU_SECONDS
        await parser.close()

    asyncio.run(read())


def test_no_child_outlives_a_killed_poller() -> None:
    code = (
        "import asyncio\nfrom ingest.worker import Parser\n"
        "async def main():\n"
        "    await Parser().articles_in(b'<rss/>', url='https://a.example/', content_type='')\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    (child,) = psutil.Process(parent.pid).children()

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    assert child.wait(timeout=10) is None or not child.is_running()
