from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.marked import Mistakes, nearest, parse, plain


def parsed(written: str) -> tuple[Any, list[str]]:
    mistakes = Mistakes("f.yaml")
    value = parse(written, mistakes)
    return (None if value is None else plain(value)), [str(mistake) for mistake in mistakes.found]


@pytest.mark.parametrize(
    "written", ["NO", "ON", "yes", "null", "000660", "0700", "1.10", "1e5", "0x1F", "12:30", "2024-01-01"]
)
def test_a_scalar_stays_the_text_written(written: str) -> None:
    assert parsed(f"- {written}") == ([written], [])


@pytest.mark.parametrize(("written", "value"), [("- ~", ""), ("-", ""), ("- '~'", "~"), ("- ''", "")])
def test_nothing_is_the_empty_text(written: str, value: str) -> None:
    assert parsed(written) == ([value], [])


def test_a_tag_makes_no_object() -> None:
    assert parsed("- !!python/object/apply:os.system [x]\n- !!int '3'") == ([["x"], "3"], [])


def test_an_empty_file_is_no_value_and_no_mistake() -> None:
    assert parsed("# only a remark\n") == (None, [])


@pytest.mark.parametrize(
    ("written", "mistake"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: 'a' stands here a second time (first in line 1)"),
        ("a: [1\n", "f.yaml:2: not readable as YAML: did not find expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", "f.yaml:2: not readable as YAML: found a tab character that violates indentation"),
        ("a: \x07\n", "f.yaml:1: not readable as YAML: character U+0007 is not allowed; remove it"),
        ("- *nobody\n", "f.yaml:1: '*nobody' stands for nothing that is complete above this line"),
        ("a: &a\n  - *a\n", "f.yaml:2: '*a' stands for nothing that is complete above this line"),
        ("a: 1\n---\nb: 1\n", "f.yaml:2: a second document ('---') begins here; one file holds one"),
        ("? [a, b]\n: c\n", "f.yaml:1: a key must be a text"),
        ("[" * 30 + "]" * 30, "f.yaml:1: nested deeper than 20 levels"),
    ],
)
def test_each_mistake_has_its_line(written: str, mistake: str) -> None:
    assert mistake in parsed(written)[1]


def test_an_anchor_stands_for_its_value() -> None:
    assert parsed("- &a {x: [1]}\n- *a\n") == ([{"x": ["1"]}, {"x": ["1"]}], [])


def test_anchors_that_multiply_are_stopped_before_they_cost_memory() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    value, mistakes = parsed("\n".join(rows))
    assert value is None
    assert mistakes == ["f.yaml:7: more than 5,000,000 values up to here, anchors expanded; split the file"]


def test_nesting_without_end_is_a_mistake_and_no_crash() -> None:
    value, mistakes = parsed("[" * 100_000)
    assert value is None
    assert len(mistakes) == 1


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(written: str) -> None:
    value, mistakes = parsed(written)
    assert (
        value is not None
        or mistakes
        or not written.strip()
        or written.lstrip().startswith(("#", "%", "-", ".", "\ufeff"))
    )


def test_the_nearest_name_is_offered_whatever_its_case() -> None:
    assert nearest("europe/pariss", ["Europe/Berlin", "Europe/Paris"]) == "did you mean 'Europe/Paris'?"
    assert nearest("zzz", ["a", "b"]) == "known: a, b"
    assert nearest("zzz", []) == "there is none in this file"
