import os
from pathlib import Path

import pytest

from ingest.feeds import Feed, FeedList, default_id, feeds_in, load
from wire.errors import Misconfigured


def mistakes(text: str) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        feeds_in(text, "feeds.yaml")
    return str(caught.value).splitlines()


def test_yaml_with_everything() -> None:
    (feed,) = feeds_in(
        """
        - url: https://www.paper.example/rss.xml?section=world
          id: paper
          name: The Paper
          language: en-GB
          interval: 5m
        """,
        "feeds.yaml",
    )

    assert feed == Feed(
        id="paper",
        url="https://www.paper.example/rss.xml?section=world",
        name="The Paper",
        language="en-gb",
        interval=300.0,
    )


def test_an_address_alone_is_enough() -> None:
    for text in ("- https://www.paper.example/rss.xml\n", "feeds:\n  - url: https://www.paper.example/rss.xml\n"):
        (feed,) = feeds_in(text, "feeds.yaml")
        assert (feed.id, feed.name, feed.interval) == ("paper.example-rss-xml", "paper.example", None)


def test_scalars_stay_text() -> None:
    (feed,) = feeds_in("- {url: https://a.example/f, id: 0042, name: NO, language: no}\n", "feeds.yaml")

    assert (feed.id, feed.name, feed.language) == ("0042", "NO", "no")


def test_every_mistake_at_once_with_its_line() -> None:
    found = mistakes(
        "- url: https://a.example/f\n"
        "  intervall: 60\n"
        "- url: ftp://b.example/f\n"
        "- name: no address\n"
        "- url: https://c.example/f\n"
        "  interval: soon\n"
        "  language: klingonese!\n"
        "  id: not an id\n"
        "- url: https://a.example/f\n"
    )

    assert [line.split(" ")[0] for line in found] == [
        "feeds.yaml:2:",
        "feeds.yaml:3:",
        "feeds.yaml:4:",
        "feeds.yaml:6:",
        "feeds.yaml:7:",
        "feeds.yaml:8:",
        "feeds.yaml:9:",
    ]
    assert "did you mean 'interval'?" in found[0]
    assert "first in line 1" in found[-1]


@pytest.mark.parametrize(
    "text",
    [
        "- url: ftp://me:s3cret@a.example/f?key=s3cret\n",
        "- url: me:s3cret@a.example/f\n",
        "- url: https://a.example:port/f?key=s3cret\n",
        "- {url: 'https://me:s3cret@a.example/f?key=s3cret', id: one}\n" * 2,
        '<opml><body><outline type="rss" text="x" xmlUrl="feed://me:s3cret@a.example/f?s3cret"/></body></opml>',
    ],
)
def test_a_mistake_shows_no_password_or_key(text: str) -> None:
    (found,) = mistakes(text)
    assert "a.example/f" in found
    assert "s3cret" not in found


def test_two_feeds_with_one_id_are_refused() -> None:
    (found,) = mistakes("- {url: https://a.example/f, id: x}\n- {url: https://b.example/f, id: x}\n")

    assert "id 'x'" in found
    assert found.startswith("feeds.yaml:2:")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "- [\n", "just words", "<opml><body/></opml>"])
def test_what_lists_no_feeds_is_a_mistake(text: str) -> None:
    assert all(line.startswith("feeds.yaml:") for line in mistakes(text))


def test_opml() -> None:
    feeds = feeds_in(
        '<?xml version="1.0"?><opml version="2.0"><body><outline text="Coast">\n'
        '<outline type="rss" text="The Paper" xmlUrl="https://paper.example/rss?a=1&amp;b=2"/>\n'
        '<outline type="rss" text="" xmlUrl="https://other.example/rss"/>\n'
        "</outline></body></opml>",
        "feeds.opml",
    )

    assert [(feed.url, feed.name) for feed in feeds] == [
        ("https://paper.example/rss?a=1&b=2", "The Paper"),
        ("https://other.example/rss", "other.example"),
    ]


def test_opml_mistakes_have_lines() -> None:
    found = mistakes(
        '<opml><body>\n<outline type="rss" text="x" xmlUrl="feed://x"/>\n'
        '<outline type="rss" text="a" xmlUrl="https://a.example/f"/>\n</body></opml>'
    )

    assert len(found) == 1
    assert found[0].startswith("feeds.yaml:2: xmlUrl 'feed://x'")


def test_a_cut_opml_file_is_a_mistake() -> None:
    (found,) = mistakes('<opml><body>\n<outline type="rss" text="a" xmlUrl="https://a.example/f"/>\n')

    assert found == "feeds.yaml:3: the file ends before '</opml>': it is cut, or no OPML"


def test_default_ids_are_stable_and_readable() -> None:
    world, sport = (default_id(f"https://www.paper.example/a/rss.xml?token=abc&section={name}") for name in "ws")
    assert world.startswith("paper.example-a-rss-xml-")
    assert world != sport
    assert "abc" not in world
    assert default_id("http://127.0.0.1:8080/a.xml") == "127.0.0.1-8080-a-xml"
    assert default_id("https://b\u00fccher.example/rss") == "b-cher.example-rss"
    assert "secret" not in default_id("https://user:secret@paper.example/rss")


def test_long_addresses_keep_distinct_ids() -> None:
    one, other = (default_id(f"https://paper.example/{'x' * 200}?page={n}") for n in (1, 2))

    assert one != other
    assert len(one) == 120


def edit(path: Path, text: str, at: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(at, at))


def test_an_edited_file_is_taken_over_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    edit(path, "- https://a.example/f\n", 10**9)
    feeds = FeedList(path)
    assert not feeds.reload()

    edit(path, "- https://a.example/f\n- nonsense\n", 2 * 10**9)
    assert not feeds.reload()
    with pytest.raises(Misconfigured, match=r"feeds\.yaml:2"):
        feeds.reload()
    assert [feed.url for feed in feeds.feeds] == ["https://a.example/f"]
    assert not feeds.reload()

    edit(path, "- https://b.example/f\n", 3 * 10**9)
    assert not feeds.reload()
    assert feeds.reload()
    assert [feed.url for feed in feeds.feeds] == ["https://b.example/f"]


def test_a_file_that_still_grows_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    edit(path, "- https://a.example/f\n", 10**9)
    feeds = FeedList(path)

    for size in range(1, 4):
        edit(path, "- https://a" + "x" * size, (size + 1) * 10**9)
        assert not feeds.reload()
    edit(path, "- https://b.example/f\n", 9 * 10**9)
    assert [feeds.reload(), feeds.reload()] == [False, True]


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"NEWSWATCH_FEEDS"):
        load(tmp_path / "feeds.yaml")
