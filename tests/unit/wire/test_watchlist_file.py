# ruff: noqa: E501  # a mistake stands on one line here because it is shown on one
import json

import pytest

from wire.marked import Mistakes
from wire.watchlist import Entity, EntityId
from wire.watchlist_file import parse_watchlist


def read_as(name: str, written: str, *, lenient: bool = False) -> tuple[tuple[Entity, ...], list[str]]:
    mistakes = Mistakes(name)
    entities = parse_watchlist(written, name, mistakes, lenient=lenient)
    return entities, [str(mistake) for mistake in sorted(mistakes.found)]


HELVION = Entity(
    id=EntityId("Helvion"), type="ORG", name="Helvion", aliases=("HV", "Helvion SA"), tickers=("HLV", "000660")
)
AS_YAML = "- {name: Helvion, type: ORG, aliases: [HV, Helvion SA], tickers: [HLV, 000660]}\n"
AS_JSON = '{"name": "Helvion", "type": "ORG", "aliases": ["HV", "Helvion SA"], "tickers": ["HLV", "000660"]}\n'


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("w.yaml", AS_YAML),
        ("w.yml.gz", AS_YAML),
        ("w", AS_YAML),
        ("w.yaml", "entities:\n" + AS_YAML),
        ("w.jsonl", AS_JSON),
        ("w.ndjson", AS_JSON),
        ("w.json", AS_JSON),
        ("-", AS_JSON),
        ("w.csv", "name,type,aliases,tickers\nHelvion,ORG,HV|Helvion SA,HLV;000660\n"),
        ("w.csv.gz", "Name, Type ,aliases,tickers\r\nHelvion,ORG,HV|Helvion SA,HLV|000660\r\n"),
        ("w.csv", "name;type;aliases;tickers\nHelvion;ORG;HV|Helvion SA;HLV|000660\n"),
        ("w.csv", "name\ttype\taliases\ttickers\nHelvion\tORG\tHV|Helvion SA\tHLV|000660\n"),
        ("w.csv", 'tickers,name,type,aliases\n$HLV;000660,"Helvion",ORG,"HV;Helvion SA"\n\n'),
    ],
)
def test_every_format_says_the_same(name: str, written: str) -> None:
    assert read_as(name, written) == ((HELVION,), [])


def test_a_name_is_its_own_id_and_no_alias_of_itself() -> None:
    (entity,), _ = read_as("w.yaml", "- {name: Helvion, aliases: [Helvion, HV, HV]}")
    assert (entity.id, entity.aliases, entity.type) == ("Helvion", ("HV",), "MISC")


def test_blanks_that_wrap_a_name_are_one_blank() -> None:
    (entity,), _ = read_as("w.yaml", "- name: Helvion\n    Holding\n  aliases: ['HV   SA ']")
    assert (entity.name, entity.aliases) == ("Helvion Holding", ("HV SA",))


def test_json_numbers_stay_the_text_written() -> None:
    (entity,), _ = read_as("w.jsonl", '{"id": 12, "name": "Helvion", "tickers": [700, 1.50]}')
    assert (entity.id, entity.tickers) == ("12", ("700", "1.50"))


def test_a_trial_list_may_hold_short_names_and_further_keys() -> None:
    entities, mistakes = read_as("w.jsonl", '{"id": "x", "group": "main", "name": "X", "aliases": null}', lenient=True)
    assert ([entity.name for entity in entities], mistakes) == (["X"], [])


def test_a_trial_list_may_be_as_data_vendors_ship_it() -> None:
    rows = [{"name": "N" * 226, "tickers": ["HLM^C", "UTG RT WI"]}, {"name": "Imobilia\x81rio"}]
    _, mistakes = read_as("w.jsonl", "\n".join(map(json.dumps, rows)), lenient=True)
    assert mistakes == []
    _, mistakes = read_as("w.jsonl", json.dumps({"name": "N" * 10_000}), lenient=True)
    assert len(mistakes) == 1


@pytest.mark.parametrize(
    ("name", "written", "mistake"),
    [
        ("w.yaml", "- {name: x}", "w.yaml:1: name 'x' is too short to look for; at least 2 characters, or put it under 'tickers'"),
        ("w.yaml", "- name: ok\n  aliases:\n   - y", "w.yaml:3: alias 'y' is too short to look for; at least 2 characters, or put it under 'tickers'"),
        ("w.yaml", "- {name: ''}", "w.yaml:1: 'name' of an entity is empty; write 'name: …'"),
        ("w.yaml", "- {type: ORG}", "w.yaml:1: 'name' of an entity is missing; write 'name: …'"),
        ("w.yaml", "- {name: ok, aliases: ['']}", "w.yaml:1: an empty alias; remove it, or put it in quotes if it is not meant to be empty"),
        ("w.yaml", "- {name: ok, aliases: ['…']}", "w.yaml:1: alias '…' is too short to look for; at least 2 characters, or put it under 'tickers'"),
        ("w.yaml", "- {name: '---'}", "w.yaml:1: name '---' has no letter and no digit to look for"),
        ("w.yaml", "- {name: " + "x" * 10_000 + "}", f"w.yaml:1: name {'x' * 30!r}… has 10,000 characters; at most 200 are looked for"),
        ("w.yaml", "- {name: ok, alaises: [b]}", "w.yaml:1: unknown key 'alaises' in an entity; did you mean 'aliases'?"),
        ("w.yaml", "- {name: ok, aliases: one}", "w.yaml:1: 'aliases' of an entity must be a list, not the text 'one'; write it as [a, b] or one '- ' a line"),
        ("w.yaml", "- {name: ok, aliases: [{a: b}]}", "w.yaml:1: 'aliases' of an entity must be a list of texts; put it in quotes if it has a ':' or '['"),
        ("w.yaml", "- {name: [a]}", "w.yaml:1: 'name' of an entity must be a text, not a list"),
        ("w.yaml", "- ok", "w.yaml:1: an entity must be a mapping of id, name, type, aliases, tickers, weak, requires, excludes, languages, case_sensitive, strictness, not the text 'ok'"),
        ("w.yaml", "- {name: ok, type: company}", "w.yaml:1: unknown type 'company'; write ORG"),
        ("w.yaml", "- {name: ok, type: per}", "w.yaml:1: unknown type 'per'; write PER"),
        ("w.yaml", "- {name: ok, type: XYZ}", "w.yaml:1: unknown type 'XYZ'; known: PER, ORG, LOC, PRO, EVT, MISC"),
        ("w.yaml", "- {name: ok, tickers: [A B]}", "w.yaml:1: 'A B' is no ticker; write it as the exchange does, e.g. MSFT, BRK.B or 000660"),
        ("w.yaml", "- name: ok\n- name: ok", "w.yaml:2: entity 'ok' stands here a second time (first in line 1); put all aliases in one, or give one of them an 'id'"),
        ("w.yaml", "- {id: i, name: ok}\n- {id: i, name: no}", "w.yaml:2: id 'i' stands here a second time (first in line 1); ids are unique in a watchlist"),
        ("w.yaml", "watchlists: []", "w.yaml:1: holds whole watchlists; give a file with the entities of one, as a list or under 'entities:'"),
        ("w.jsonl", '{"name": "ok"}\n\n{"name": \n', "w.jsonl:3: not readable as JSON: Expecting value: line 1 column 10 (char 9)"),
        ("w.jsonl", '{"name": "a\\u0007b"}', "w.jsonl:1: name 'a\\x07b' holds a control character; remove it"),
        ("w.csv", "nom,type\nok,ORG", "w.csv:1: no column 'name'; the first line must be: name,type,aliases,tickers"),
        ("w.csv", "name,typ\nok,ORG", "w.csv:1: unknown column 'typ'; did you mean 'type'?"),
        ("w.csv", "name,type\nok,ORG,x", "w.csv:2: 3 cells under 2 columns; put a cell with a comma in it in quotes"),
        ("w.csv", 'name,type\n"one\ntwo",ORG\nx,ORG', "w.csv:4: name 'x' is too short to look for; at least 2 characters, or put it under 'tickers'"),
        ("w.csv", 'name\n"ok', "w.csv:2: not readable as CSV: unexpected end of data"),
        ("w.csv", "", "w.csv:1: no column 'name'; the first line must be: name,type,aliases,tickers"),
    ],
)  # fmt: skip
def test_each_mistake_says_where_what_and_how_to_mend_it(name: str, written: str, mistake: str) -> None:
    assert mistake in read_as(name, written)[1]


def test_every_mistake_is_told_at_once() -> None:
    _, mistakes = read_as(
        "w.yaml", "- {name: x, type: company, tickers: [A B]}\n- {nme: ok}\n- {name: ok, aliases: ['']}"
    )
    assert [mistake.split(":")[1] for mistake in mistakes] == ["1", "1", "1", "2", "2", "3"]


@pytest.mark.parametrize(
    "ticker", ["MSFT", "BRK.B", "000660", "0700", "^GSPC", "005930.KS", "BF-B", "A", "EUR=X", "$HLV"]
)
def test_a_ticker_is_written_as_the_exchange_does(ticker: str) -> None:
    (entity,), mistakes = read_as("w.yaml", f"- {{name: ok, tickers: ['{ticker}']}}")
    assert (entity.tickers, mistakes) == ((ticker.removeprefix("$"),), [])


def test_names_in_any_script_are_names() -> None:
    entities, mistakes = read_as("w.yaml", "- name: 中芯\n- name: Газ\n- name: شركة\n- name: L’Oréal")
    assert ([entity.name for entity in entities], mistakes) == (["中芯", "Газ", "شركة", "L’Oréal"], [])


def test_a_tilde_as_ticker_is_told_how_to_be_meant() -> None:
    _, (mistake,) = read_as("w.yaml", "- {name: Helvion, tickers: [~]}")
    assert "`~` means no value: put it in quotes" in mistake
