# ruff: noqa: E501  # a mistake stands on one line here because it is shown on one
from pathlib import Path
from textwrap import dedent

import pytest

from alerts.catalog import Catalog
from alerts.config import load_config, parse_config
from wire.errors import Misconfigured
from wire.marked import Mistakes

GOOD = dedent(
    """\
    watchlists:
      - id: energy
        name: Energy firms
        entities:
          - {name: Helvion, type: ORG, tickers: [000660]}
          - {name: ON, aliases: [NO, 'Off']}
      - id: people
        file: people.csv
    subscribers:
      - {id: anne, name: Anne, language: fr, timezone: Europe/Paris}
      - {id: bob}
    channels:
      - {id: anne-mail, subscriber: anne, kind: email, to: anne@home.example}
      - {id: bob-hook, subscriber: bob, kind: webhook, url: 'env:HOOK_URL', secret: 'file:/run/secrets/hook'}
    subscriptions:
      - {watchlist: energy, channel: anne-mail}
      - {watchlist: people, channel: anne-mail}
      - {watchlist: energy, channel: bob-hook}
    """
)
FILES = {"people.csv": "name,type,aliases\nClaire Vasseur,PER,Vasseur|C. Vasseur\n"}


def parsed(written: str, files: dict[str, str] = FILES) -> tuple[Catalog, list[str]]:
    def read_file(name: str, mistakes: Mistakes) -> str | None:
        if name not in files:
            mistakes.add(1, "cannot be read: it is not there")
        return files.get(name)

    catalog, mistakes = parse_config(written, "c.yaml", read_file)
    return catalog, [str(mistake) for mistake in mistakes]


def changed(before: str, after: str) -> list[str]:
    assert before in GOOD
    return parsed(GOOD.replace(before, after))[1]


def test_one_file_says_who_hears_of_what() -> None:
    catalog, mistakes = parsed(GOOD)
    assert mistakes == []
    assert [(row.id, row.name, len(row.entities)) for row in catalog.watchlists] == [
        ("energy", "Energy firms", 2),
        ("people", "people", 1),
    ]
    assert [(row.id, row.name, row.language, row.timezone) for row in catalog.subscribers] == [
        ("anne", "Anne", "fr", "Europe/Paris"),
        ("bob", "bob", "en", "UTC"),
    ]
    assert [(row.id, row.subscriber, row.kind, dict(row.config)) for row in catalog.channels] == [
        ("anne-mail", "anne", "email", {"to": "anne@home.example"}),
        ("bob-hook", "bob", "webhook", {"url": "env:HOOK_URL", "secret": "file:/run/secrets/hook"}),
    ]
    assert [(row.watchlist, row.channel) for row in catalog.subscriptions] == [
        ("energy", "anne-mail"),
        ("people", "anne-mail"),
        ("energy", "bob-hook"),
    ]


def test_names_and_tickers_are_no_booleans_and_no_numbers() -> None:
    helvion, on = parsed(GOOD)[0].watchlists[0].entities
    assert helvion.tickers == ("000660",)
    assert (on.name, on.aliases) == ("ON", ("NO", "Off"))


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("subscribers:", "subscriber:", "c.yaml:9: unknown key 'subscriber' in the configuration; did you mean 'subscribers'?"),
        ("id: energy", "id: my list", "c.yaml:2: 'my list' is no id; use up to 64 of A-Z a-z 0-9 . _ -, e.g. 'my-list'"),
        ("id: people", "id: manifest", "c.yaml:7: 'manifest' is no id for a watchlist: newswatch uses it itself"),
        ("id: people", "id: energy", "c.yaml:7: id 'energy' stands here a second time in 'watchlists' (first in line 2)"),
        ("- id: people\n    file", "- file", "c.yaml:7: 'id' of an entry of 'watchlists' is missing; write 'id: …'"),
        ("file: people.csv", "file: poeple.csv", "c.yaml:8: poeple.csv cannot be read: it is not there"),
        ("file: people.csv", "file: ''", "c.yaml:8: 'file' of watchlist 'people' is empty; write 'file: …'"),
        ("file: people.csv", "entities: []", "c.yaml:7: watchlist 'people' names nobody; add at least one entity, or remove it"),
        ("file: people.csv", "name: x", "c.yaml:7: watchlist 'people' needs either 'entities:' or 'file:' (a CSV or YAML file of them)"),
        ("file: people.csv", "flie: people.csv", "c.yaml:8: unknown key 'flie' in a watchlist; did you mean 'file'?"),
        ("language: fr", "language: de", "c.yaml:10: unknown language 'de'; known: en, fr"),
        ("Europe/Paris", "Europe/Pari", "c.yaml:10: unknown timezone 'Europe/Pari'; did you mean 'Europe/Paris'?"),
        ("{id: bob}", "bob", "c.yaml:11: a subscriber must be a mapping of id, name, language, timezone, not the text 'bob'"),
        ("kind: email", "kind: emial", "c.yaml:13: unknown kind 'emial'; did you mean 'email'?"),
        ("kind: email, ", "", "c.yaml:13: 'kind' of a channel is missing; write 'kind: …'"),
        ("subscriber: anne", "subscriber: ann", "c.yaml:13: unknown subscriber 'ann'; did you mean 'anne'?"),
        ("to: anne@home.example", "to: anne", "c.yaml:13: to: 'anne' is no address such as anne@news.example (one only)"),
        ("to: anne@home.example", "too: x", "c.yaml:13: too: no such key of email; did you mean 'to'?"),
        ("to: anne@home.example", "to: [a, b]", "c.yaml:13: to: must be a text"),
        ("url: 'env:HOOK_URL'", "url: hooks.example", "c.yaml:14: url: must begin with https:// (or http://) and name a host"),
        ("watchlist: people", "watchlist: peple", "c.yaml:17: unknown watchlist 'peple'; did you mean 'people'?"),
        ("channel: bob-hook", "channel: bobhook", "c.yaml:18: unknown channel 'bobhook'; did you mean 'bob-hook'?"),
        ("watchlist: people", "watchlist: energy", "c.yaml:17: the same subscription stands in line 16; remove one"),
        ("watchlist: people, ", "", "c.yaml:17: 'watchlist' of a subscription is missing; write 'watchlist: …'"),
    ],
)  # fmt: skip
def test_each_mistake_says_where_what_and_how_to_mend_it(before: str, after: str, mistake: str) -> None:
    assert mistake in changed(before, after)


def test_every_mistake_is_told_at_once_across_files() -> None:
    _, mistakes = parsed(
        GOOD.replace("language: fr", "language: xx")
        .replace("Helvion,", "x,")
        .replace("channel: bob-hook", "channel: no"),
        {"people.csv": "name,type\nY,PER\nVasseur,person\n"},
    )
    assert [mistake.partition(": ")[0] for mistake in mistakes] == [
        "c.yaml:5",
        "c.yaml:10",
        "c.yaml:18",
        "people.csv:2",
        "people.csv:3",
    ]


def test_a_faulty_entry_is_no_unknown_one() -> None:
    mistakes = changed("{id: anne, name: Anne, language: fr", "{id: anne, name: Anne, language: xx")
    assert len(mistakes) == 1


def test_a_complaint_about_a_secret_does_not_show_it() -> None:
    (mistake,) = changed("'file:/run/secrets/hook'", "hunter2-hunter2")
    assert mistake.startswith("c.yaml:14: secret: must be whsec_ and 24 to 64 bytes")
    assert "hunter2" not in mistake


def test_a_channel_shows_no_configuration_in_its_repr() -> None:
    assert "secrets" not in repr(parsed(GOOD)[0].channels)


@pytest.mark.parametrize("written", ["", "# nothing yet\n"])
def test_an_empty_file_is_told_how_to_begin(written: str) -> None:
    assert parsed(written)[1] == [
        "c.yaml:1: is empty; begin with 'watchlists:', then subscribers, channels, subscriptions"
    ]


def test_a_file_that_is_no_mapping_is_one_mistake() -> None:
    assert len(parsed("- a\n- b\n")[1]) == 1


def test_files_stand_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD)
    (tmp_path / "people.csv").write_bytes("\ufeffname;type\r\nClaire Vasseur;PER\r\n".encode())
    assert load_config(tmp_path / "c.yaml").watchlists[1].entities[0].name == "Claire Vasseur"


def test_mistakes_of_a_file_beside_it_name_its_path(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD)
    (tmp_path / "people.csv").write_bytes(b"name\nok\nVass\xe9ur\n")
    with pytest.raises(Misconfigured) as raised:
        load_config(tmp_path / "c.yaml")
    assert str(raised.value) == f"{tmp_path}/c.yaml:8: people.csv is not UTF-8 here; save the file as UTF-8"


def test_a_missing_configuration_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere.yaml:1: cannot be read: No such file or directory"):
        load_config(tmp_path / "nowhere.yaml")
