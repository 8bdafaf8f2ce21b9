"""How surely are two articles copies, a translation, one event?

Three small models, shipped as tables (`stream.stories.tables`), fitted once on pairs of articles by
tests/benchmarks/stories/fit.py. Scores are log-odds, rounded so that no processor's last bit can change a decision:
0 is an even chance, 2 is seven to one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.stories import tables
from stream.stories.features import COLUMNS as RAW

Reals = NDArray[np.float64]

_DEPTH = 4
_COLUMNS = np.array([row[0] for row in tables.COPY_TREES], np.int64)
_THRESHOLDS = np.array([row[1] for row in tables.COPY_TREES])
_LEAVES = np.array([row[2] for row in tables.COPY_TREES])
_SPLITS, _ENDS = _COLUMNS.shape[1], _LEAVES.shape[1]
_TREES = np.arange(len(_COLUMNS))
_AT = {name: place for place, name in enumerate(RAW)}
_IN_TABLE = {name: place for place, name in enumerate(tables.COLUMNS)}
_NAMES_AT_MOST = 2.0
_DIGITS, _COLUMN_DIGITS = 4, 3


class Outside(NamedTuple):
    """What is known of the earlier articles beside their fingerprints, a value each."""

    words_new: float
    words_old: Reals
    age_hours: Reals
    title_alike: Reals
    title_order: Reals


def columns_of(likeness: NDArray[np.float32], outside: Outside) -> Reals:
    """The columns that the tables are written for, a row an earlier article."""
    told = likeness.astype(np.float64)
    raw = {name: told[:, place] for name, place in _AT.items()}
    numbers_least = np.minimum(raw["numbers_new"], raw["numbers_old"])
    new, old = np.log(10 + outside.words_new), np.log(10 + outside.words_old)
    raw |= {
        "terms_most": np.maximum(raw["terms_new"], raw["terms_old"]),
        "lead_most": np.maximum(raw["lead_new"], raw["lead_old"]),
        "lead_least": np.minimum(raw["lead_new"], raw["lead_old"]),
        "numbers": np.where(numbers_least > 0, raw["numbers"], 0.5),
        "numbers_least": numbers_least,
        "only_numbers": np.minimum(raw["only_numbers_new"], raw["only_numbers_old"]),
        "names": np.minimum(raw["names"], _NAMES_AT_MOST),
        "only_names": np.minimum(raw["only_names_new"], raw["only_names_old"]),
        "passages_most": np.maximum(raw["passages_new"], raw["passages_old"]),
        "length": new - old,
        "apart": np.abs(new - old),
        "words_least": np.minimum(new, old),
        "words_most": np.maximum(new, old),
        "age": outside.age_hours,
        "title_alike": outside.title_alike,
        "title_order": outside.title_order,
    }
    columns: Reals = np.stack([raw[name] for name in tables.COLUMNS], axis=1)
    return columns.round(_COLUMN_DIGITS)


def copy_scores(columns: Reals) -> Reals:
    """Boosted trees (Friedman 2001), made so that what is alike counts for a copy and what differs against."""
    rows = np.arange(len(columns))[:, None]
    node = np.zeros((len(columns), len(_TREES)), np.int64)
    for level in range(_DEPTH):
        split = _TREES * _SPLITS + node + ((1 << level) - 1)
        node = node * 2 + (columns[rows, _COLUMNS.take(split)] > _THRESHOLDS.take(split))
    scores: Reals = tables.COPY_BIAS + _LEAVES.take(_TREES * _ENDS + node).sum(axis=1)
    return scores.round(_DIGITS)


def translation_scores(columns: Reals) -> Reals:
    """Logistic. The margin to the next best of the same language tells the translation from the same topic."""
    cosine = columns[:, _IN_TABLE["cosine"]]
    best = cosine.argmax()
    second = np.delete(cosine, best).max(initial=0.0)
    margin = cosine - np.where(np.arange(len(cosine)) == best, second, cosine[best])
    extra = {"margin": margin, "log_margin": np.log(0.05 + np.maximum(margin, 0))}
    return _linear(tables.TRANSLATION, tables.TRANSLATION_BIAS, columns, extra)


def related_scores(columns: Reals) -> Reals:
    """Logistic, for articles that were found to be no copies."""
    return _linear(tables.RELATED, tables.RELATED_BIAS, columns, {})


def _linear(table: dict[str, float], bias: float, columns: Reals, extra: dict[str, Reals]) -> Reals:
    known = {name: columns[:, place] for name, place in _IN_TABLE.items()} | extra
    known |= {
        "log_cosine": np.log(0.02 + known["cosine"]),
        "log_anchors": np.log1p(known["anchors"]),
        "log_names": np.log1p(known["names_shared"]),
        "log_numbers": np.log1p(known["numbers_shared"]),
        "log_age": np.log1p(known["age"]),
        "length2": np.square(known["length"]),
        "cosine2": np.square(np.minimum(known["cosine"], 0.5)),
        "lead_cosine2": np.square(known["lead_cosine"]),
        "lead_most2": np.square(known["lead_most"]),
    }
    weights = np.array(list(table.values()))
    scores: Reals = np.stack([known[name] for name in table], axis=1) @ weights + bias
    return scores.round(_DIGITS)
