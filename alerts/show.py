"""How does an alert look on a terminal?

Pieces are styled as pieces, never as markup, so a headline such as "[bold]" is only words; `render.clean` has taken
out what a terminal would obey.
"""

import io
from datetime import datetime

from rich.console import Console
from rich.text import Text

from alerts import render
from alerts.notice import Notice
from alerts.phrases import phrases_for

WIDTH = 100  # where there is no terminal to ask
FOUND = "black on yellow"


def page(notice: Notice, now: datetime, *, color: bool) -> str:
    """The alert as lines of text, with an empty line behind it."""
    written = io.StringIO()
    console = Console(
        file=written,
        force_terminal=color,
        color_system="standard" if color else None,
        width=WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for line in _lines(notice, now):
        console.print(line, soft_wrap=True)
    console.print()
    return written.getvalue()


def _lines(notice: Notice, now: datetime) -> list[Text]:
    words = phrases_for(notice.language)
    age = words.seconds_ago.format(f"{(now - notice.told.fetched_at).total_seconds():.1f}")
    return [
        _title(notice),
        *(_reason(reason, words.quotes) for reason in render.reasons(notice)[: render.REASONS_SHOWN]),
        Text.assemble("  ", (render.outlet(notice), "bold"), f" · {render.times(notice)} · ", (age, "green")),
        *(Text(f"  {row}", style="dim") for row in (render.also_in(notice), render.link(notice.told.link)) if row),
        Text(f"  [{render.watchlists(notice)}]", style="cyan"),
    ]


def _title(notice: Notice) -> Text:
    title = Text(style="bold")
    for piece, is_found in render.marked_headline(notice):
        title.append(piece, style=FOUND if is_found else "")
    return title


def _reason(reason: render.Reason, quotes: tuple[str, str]) -> Text:
    who = Text.assemble((f"  {reason.entity}", "bold cyan"), f" {reason.place}")
    if reason.is_headline:
        return who
    return Text.assemble(who, f"  {quotes[0]}{reason.before}", (reason.found, FOUND), f"{reason.after}{quotes[1]}")
