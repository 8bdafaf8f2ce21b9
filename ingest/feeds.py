"""Which feeds?

One file, YAML or OPML, is the list. It is read whole or not at all: with a mistake in it the last good list stays in
force, so that no feed is dropped by a slip of the pen.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import listparser

from wire import marked
from wire.errors import Misconfigured

KEYS = ("url", "id", "name", "language", "interval")
EXAMPLE = "- url: https://news.example/rss.xml"
ID_LIMIT = 120
_ID = re.compile(rf"[A-Za-z0-9._-]{{1,{ID_LIMIT}}}")
_UNIT_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A polled address. `interval` is in seconds; None leaves it to the settings."""

    id: str
    url: str
    name: str
    language: str | None = None
    interval: float | None = None


def load(path: Path) -> tuple[Feed, ...]:
    """The feeds in the file, in its order.

    Raises:
        Misconfigured: with every mistake, one a line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Misconfigured(
            f"{path}: no such file. Name your feeds there, one a line as `{EXAMPLE}`, or set NEWSWATCH_FEEDS."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return feeds_in(text, str(path))


def feeds_in(text: str, file: str) -> tuple[Feed, ...]:
    """As `load`, for the text of a file."""
    mistakes = marked.Mistakes(file)
    lined = list(_opml(text, mistakes) if text.lstrip().startswith("<") else _yaml(text, mistakes))
    _refuse_twins(lined, mistakes)
    if mistakes:
        raise Misconfigured("\n".join(str(mistake) for mistake in sorted(mistakes.found)))
    return tuple(feed for feed, _ in lined)


def default_id(url: str) -> str:
    """A stable, readable id: host and path, and for a query, which may hold a token, its hash."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f"-{parts.port}" if parts.port else ""
    words = re.findall(r"[A-Za-z0-9]+", parts.path)
    name = "-".join([re.sub(r"[^A-Za-z0-9.]", "-", host) + port, *words])
    if len(name) <= ID_LIMIT and not parts.query:
        return name
    return f"{name[: ID_LIMIT - 9]}-{sha256(f'{parts.path}?{parts.query}'.encode()).hexdigest()[:8]}"


class FeedList:
    """The list in force, and the file that it follows."""

    def __init__(self, path: Path) -> None:
        """Raises `Misconfigured` when the file has mistakes: at start there is no last good list."""
        self._path = path
        self._stamp = self._looked = self._file_stamp()
        self.feeds = load(path)

    def reload(self) -> bool:
        """Take over an edited file, once two looks at it agree: an editor may be half through writing it.

        To be called every half second or so. Returns whether the list in force changed.

        Raises:
            Misconfigured: once an edit; the list in force stays.
        """
        before, self._looked = self._looked, self._file_stamp()
        if self._looked == self._stamp or self._looked != before:
            return False
        self._stamp = self._looked
        in_force, self.feeds = self.feeds, load(self._path)
        return self.feeds != in_force

    def _file_stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _yaml(text: str, mistakes: marked.Mistakes) -> Iterator[tuple[Feed, int]]:
    document = marked.parse(text, mistakes)
    if isinstance(document, marked.Table):
        table = marked.table(document, ("feeds",), "the file", mistakes)
        document = table.items.get("feeds") if table else None
    if document is None and not mistakes:
        mistakes.add(1, f"no feeds; name at least one, as `{EXAMPLE}`")
    for item in marked.sequence(document, "feeds", mistakes):
        feed = _feed(item, mistakes)
        if feed:
            yield feed, item.line


def _feed(item: marked.Value, mistakes: marked.Mistakes) -> Feed | None:
    if isinstance(item, marked.Text):
        item = marked.Table({"url": item}, item.line)
    table = marked.table(item, KEYS, "a feed", mistakes)
    if table is None:
        return None
    url = _url(table, mistakes)
    feed_id = marked.text(table, "id", "a feed", mistakes) or (default_id(url) if url else "")
    if feed_id and not _ID.fullmatch(feed_id):
        mistakes.add(table.line_of("id"), f"id {feed_id!r} may hold letters, digits, '.', '_' and '-' only")
    return Feed(
        id=feed_id,
        url=url,
        name=marked.text(table, "name", "a feed", mistakes) or _host(url),
        language=_language(table, mistakes),
        interval=_interval(table, mistakes),
    )


def _url(table: marked.Table, mistakes: marked.Mistakes) -> str:
    url = marked.text(table, "url", "a feed", mistakes, required=True)
    problem = _url_problem(url) if url else ""
    if problem:
        mistakes.add(table.line_of("url"), f"url {_shown(url)!r} {problem}")
        return ""
    return url


def _shown(url: str) -> str:
    """Enough of an address to find it in the file by. User, password and query may be secrets, and logs are read."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"
    host = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    return host + parts.path.rpartition("@")[2]


def _url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    return "" if usable and not re.search(r"\s", url) else "is no http or https address"


def _language(table: marked.Table, mistakes: marked.Mistakes) -> str | None:
    word = marked.text(table, "language", "a feed", mistakes)
    if word and not _LANGUAGE.fullmatch(word):
        mistakes.add(table.line_of("language"), f"language {word!r} is no code such as en, fr, de or es")
    return word.lower() or None


def _interval(table: marked.Table, mistakes: marked.Mistakes) -> float | None:
    word = marked.text(table, "interval", "a feed", mistakes)
    if not word:
        return None
    found = _INTERVAL.fullmatch(word.lower())
    seconds = float(found[1]) * _UNIT_SECONDS[found[2]] if found else 0.0
    if seconds <= 0:
        mistakes.add(table.line_of("interval"), f"interval {word!r} is no time; write seconds (300), 5m or 1h")
    return seconds


def _opml(text: str, mistakes: marked.Mistakes) -> Iterator[tuple[Feed, int]]:
    result = listparser.parse(text)
    if not text.rstrip().endswith("</opml>"):
        mistakes.add(text.count("\n") + 1, "the file ends before '</opml>': it is cut, or no OPML")
    elif not result.feeds:
        mistakes.add(1, "no feeds in this OPML file: no outline has an xmlUrl")
    for found in result.feeds:
        url = found.url.strip()
        line = _line_of(url, text)
        problem = _url_problem(url)
        if problem:
            mistakes.add(line, f"xmlUrl {_shown(url)!r} {problem}")
            continue
        yield Feed(id=default_id(url), url=url, name=found.title.strip() or _host(url)), line


def _line_of(url: str, text: str) -> int:
    place = text.find(url.replace("&", "&amp;"))
    return text.count("\n", 0, place) + 1 if place >= 0 else 1


def _refuse_twins(lined: Iterable[tuple[Feed, int]], mistakes: marked.Mistakes) -> None:
    first: dict[tuple[str, str], int] = {}
    for feed, line in lined:
        for key, value, shown in (("url", feed.url, _shown(feed.url)), ("id", feed.id, feed.id)):
            if value and (key, value) in first:
                mistakes.add(line, f"{key} {shown!r} stands here a second time (first in line {first[key, value]})")
                break
            first[key, value] = line


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.") if url else ""
