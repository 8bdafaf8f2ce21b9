"""Where do the numbers in `stream/stories/tables.py` come from?

    python -m tests.benchmarks.stories.fit pairs FILE.jsonl[.gz] PAIRS.npz
    python -m tests.benchmarks.stories.fit tables PAIRS.npz ... > trees.txt

The first writes the engine's candidate pairs with their columns; the second fits the trees and needs scikit-learn,
which is no dependency of the project.

FILE holds articles with gold groups, in time order (the full texts, the same cut to short forms, and half of them cut).
Only pairs whose later article was published before 2023-11-24 are used. The trees may not count likeness against a
copy, nor difference or age for one, wherever a sign stands in SIGNS.
"""

import gzip
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from newswatch.article_lines import ArticleLine
from newswatch.commands.engines import _article_of
from stream.annotate import annotate
from stream.matching import AliasIndex
from stream.stories import StoryWindow
from stream.stories.tables import COLUMNS
from stream.stories.window import _seen_in

TUNED_BEFORE = "2023-11-24"
AGAINST = {"only_numbers_new", "only_numbers_old", "only_numbers", "title_numbers_apart", "only_names", "age"}
FREE = {
    "title_only_new", "title_only_old", "numbers_shared", "names_shared", "anchors", "title_mass", "passages_shared",
    "passages_weight", "apart", "only_names_new", "only_names_old", "numbers_least", "largest", "length",
    "words_least", "words_most",
}  # fmt: skip
SIGNS = [-1 if name in AGAINST else 0 if name in FREE else 1 for name in COLUMNS]
TREES, DEPTH, RATE = 120, 4, 0.15


def write_pairs(articles: Path, target: Path) -> None:
    window, index = StoryWindow(articles=1 << 16), AliasIndex.build(())
    groups: list[str] = []
    columns, same = [], []
    opener = gzip.open if articles.suffix == ".gz" else open
    with opener(articles, "rt", encoding="utf8") as lines:
        for offset, line in enumerate(lines):
            told = json.loads(line)
            groups.append(told["group"])
            when = datetime.fromisoformat(told["published"]).replace(tzinfo=UTC)
            article = ArticleLine(id=told["id"], title=told["title"], text=told["text"], lang=told["lang"])
            read = annotate(_article_of(article, when), index, partition=0, offset=offset)
            if told["published"] < TUNED_BEFORE:
                for found in window._compared(_seen_in(read, offset, when.timestamp()), offset):
                    if found.seen.fingerprint.language == _seen_in(read, offset, 0).fingerprint.language:
                        columns.append(found.columns)
                        same.append(groups[found.seen.offset] == told["group"])
            window.place(read, offset=offset, appended_at=when)
    np.savez(target, columns=np.array(columns), same=np.array(same))


def print_tables(pairs: list[Path]) -> None:
    from sklearn.ensemble import (  # type: ignore[import-not-found]  # needed here alone, see above
        HistGradientBoostingClassifier,
    )

    read = [np.load(path) for path in pairs]
    columns, same = (np.concatenate([one[name] for one in read]) for name in ("columns", "same"))
    fitted = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=RATE,
        max_leaf_nodes=1 << DEPTH,
        max_depth=DEPTH,
        l2_regularization=10,
        min_samples_leaf=40,
        monotonic_cst=SIGNS,
        early_stopping=False,
        random_state=0,
    ).fit(columns, same)
    print(f"COPY_BIAS = {float(np.ravel(fitted._baseline_prediction)[0]):.4f}")
    for (tree,) in fitted._predictors:
        print(f"    {whole(tree.nodes)},")


def whole(nodes: Any) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    """The tree with all its leaves at the last level: where it ended early, its leaf stands there several times."""
    splits, thresholds = [0] * ((1 << DEPTH) - 1), [9e9] * ((1 << DEPTH) - 1)
    leaves = [0.0] * (1 << DEPTH)

    def fill(at: int, slot: int, first: int, width: int) -> None:
        node = nodes[at]
        if node["is_leaf"]:
            leaves[first : first + width] = [round(float(node["value"]), 4)] * width
            return
        splits[slot], thresholds[slot] = int(node["feature_idx"]), float(f"{node['num_threshold']:.7g}")
        fill(int(node["left"]), 2 * slot + 1, first, width // 2)
        fill(int(node["right"]), 2 * slot + 2, first + width // 2, width // 2)

    fill(0, 0, 0, 1 << DEPTH)
    return tuple(splits), tuple(thresholds), tuple(leaves)


if __name__ == "__main__":
    verb, *files = sys.argv[1:]
    write_pairs(Path(files[0]), Path(files[1])) if verb == "pairs" else print_tables([Path(file) for file in files])
