"""Which channels in force cannot work, as they and the settings stand now?"""

import asyncio
from collections.abc import Iterable

from alerts.catalog import ChannelRow
from alerts.channels import open_channel
from wire.errors import Misconfigured
from wire.settings import Settings


def problems(channels: Iterable[ChannelRow], settings: Settings) -> list[str]:
    """What keeps a channel from being opened, each beginning with the channel's id. Nothing is sent."""
    return asyncio.run(_problems(channels, settings))


async def _problems(channels: Iterable[ChannelRow], settings: Settings) -> list[str]:
    found = [(row.id, await _problem(row, settings)) for row in channels]
    return [f"{id_}: {problem}" for id_, problem in found if problem]


async def _problem(row: ChannelRow, settings: Settings) -> str:
    try:
        channel = open_channel(row.kind, row.config, settings)
    except Misconfigured as error:
        return str(error)
    await channel.close()
    return f"switched off: {row.state_reason}" if row.state == "disabled" else ""
