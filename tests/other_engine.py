"""The cluster program with another engine: it finds the same copies and gives every story another id."""

import sys
from typing import Any

from msgspec import structs

from stream.cluster import cluster
from stream.shell import live_window
from stream.shell.clustering import run_cluster
from wire import settings
from wire.messages import Match, StoryId


def renamed(*args: Any, **keywords: Any) -> Match | None:
    match = cluster(*args, **keywords)
    return structs.replace(match, story=StoryId(f"other-{match.story}")) if match else None


if __name__ == "__main__":
    vars(live_window)["cluster"] = renamed
    sys.exit(run_cluster(settings.load()))
