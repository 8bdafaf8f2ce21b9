"""How does the demo's closing table look?"""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from newswatch.newsroom.follow import percentile
from newswatch.newsroom.key import Verdict


def closing(verdict: Verdict, seconds: Sequence[float]) -> RenderableType:
    """The counts, how quick it was, what later engines will add, and each difference from the key.

    `seconds` are from each told article's appearance in its feed to its notification.
    """
    return Group(_counts(verdict), _speed(seconds), *_later(verdict), _result(verdict))


def _counts(verdict: Verdict) -> Table:
    table = Table(
        title="The newsroom's answer key", title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    counts = {
        "articles": verdict.articles,
        "stories": verdict.stories,
        "copies": f"{verdict.copies_joined}/{verdict.copies}",
        "alerts": verdict.alerts,
        "expected": verdict.expected,
        "missing": len(verdict.missing),
        "unwanted": len(verdict.unwanted) + len(verdict.repeated),
    }
    for heading in counts:
        table.add_column(heading, justify="right")
    table.add_row(*map(str, counts.values()))
    return table


def _speed(seconds: Sequence[float]) -> Text:
    if not seconds:
        return Text("No alert came.")
    return Text.assemble(
        "From article visible in its feed to notification accepted: p50 ",
        (f"{percentile(seconds, 0.5):.1f} s", "bold"),
        ", p95 ",
        (f"{percentile(seconds, 0.95):.1f} s", "bold"),
        f" ({len(seconds)} notifications).",
    )


def _later(verdict: Verdict) -> list[Text]:
    parts = [f"{engine} {there} of {whole}" for engine, (there, whole) in verdict.later.items()]
    return [Text(f"Left to later engines, not counted above: {', '.join(parts)}.", style="dim")] if parts else []


def _result(verdict: Verdict) -> Text:
    if not verdict.differences:
        return Text("The key is met.", style="green")
    lines = [f"The key is not met: {len(verdict.differences)} differences.", *verdict.differences]
    return Text("\n  ".join(lines), style="red")
