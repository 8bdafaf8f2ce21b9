"""`newswatch topics`: make the topics, or show them."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from wire import settings as configuration
from wire import topics as catalogue
from wire.kafka import Admin, topic_configs, topic_name, wait_for_kafka


def topics(
    show: Annotated[bool, typer.Option("--print", help="Only show what would be made; ask no Kafka.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Make the topics that do not exist yet, with the settings they need."""
    settings = configuration.load()
    rows = [
        asdict(topic) | {"name": topic_name(settings, topic), "settings": topic_configs(settings, topic)}
        for topic in catalogue.ALL
    ]
    if not show:
        wait_for_kafka(settings, timeout=10)
        with Admin(settings) as admin:
            made = set(admin.create_topics())
        rows = [row | {"made": row["name"] in made} for row in rows]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = "" if show else ("made     " if row["made"] else "was there ")
        print(f"{state}{row['name']:24} {row['partitions']:3} partitions  {row['written_by']} → {row['read_by']}")
