from dataclasses import replace
from typing import Any

from alerts.catalog import (
    Catalog,
    ChannelId,
    ChannelRow,
    Kept,
    SubscriberId,
    SubscriberRow,
    SubscriptionRow,
    WatchlistRow,
)
from alerts.difference import Difference, compare
from wire.watchlist import Entity, EntityId, WatchlistId

FILE = "/etc/newswatch.yaml"
KEPT = Kept(version=3, source=FILE, changed_in=FILE)
HELVION = Entity(id=EntityId("Helvion"), name="Helvion")
WANTED = Catalog(
    watchlists=(WatchlistRow(id=WatchlistId("energy"), name="Energy", entities=(HELVION,)),),
    subscribers=(SubscriberRow(id=SubscriberId("anne"), name="Anne"),),
    channels=(
        ChannelRow(
            id=ChannelId("hook"),
            subscriber=SubscriberId("anne"),
            kind="webhook",
            config={"url": "https://a.example/key", "secret": "whsec_old"},
        ),
    ),
    subscriptions=(SubscriptionRow(id="energy/hook", watchlist=WatchlistId("energy"), channel=ChannelId("hook")),),
)
NOTHING = Catalog()


def kept(catalog: Catalog, **facts: Any) -> Catalog:
    """The catalog as the database has it."""
    there = replace(KEPT, **facts)
    return Catalog(
        watchlists=tuple(replace(row, kept=there) for row in catalog.watchlists),
        subscribers=tuple(replace(row, kept=there) for row in catalog.subscribers),
        channels=tuple(replace(row, kept=there) for row in catalog.channels),
        subscriptions=tuple(replace(row, kept=there) for row in catalog.subscriptions),
    )


def difference(wanted: Catalog, in_force: Catalog, *, prune: bool = False) -> Difference:
    return compare(wanted, in_force, source=FILE, prune=prune)


def test_all_is_new_at_first() -> None:
    found = difference(WANTED, NOTHING)
    assert found.lines == (
        "+ watchlist 'energy': 1 entity, 0 aliases",
        "+ subscriber 'anne'",
        "+ channel 'hook': webhook",
        "+ subscription 'energy/hook'",
    )
    assert len(found.changes.put) == 4


def test_the_same_file_again_changes_nothing() -> None:
    found = difference(WANTED, kept(WANTED), prune=True)
    assert (found.lines, found.refused, found.left) == ((), (), ())
    assert (found.changes.put, found.changes.removed) == ((), ())


def test_a_changed_watchlist_names_who_came_and_went() -> None:
    other = replace(HELVION_LIST, name="Power", entities=(named("Orvanne"), named("Novaris", "NV")))
    old = replace(HELVION_LIST, entities=(HELVION, named("Novaris")))
    found = difference(Catalog(watchlists=(other,)), kept(Catalog(watchlists=(old,))))
    assert found.lines == (
        "~ watchlist 'energy': name Energy → Power, 1 new (Orvanne), 1 changed (Novaris), 1 gone (Helvion)",
    )


def test_a_change_is_written_on_the_version_that_was_read() -> None:
    wanted = Catalog(subscribers=(replace(WANTED.subscribers[0], timezone="Europe/Paris"),))
    found = difference(wanted, kept(WANTED))
    assert [(row.id, row.kept) for row in found.changes.put] == [("anne", KEPT)]
    assert found.lines == ("~ subscriber 'anne': timezone UTC → Europe/Paris",)


def test_what_may_be_a_secret_is_not_shown() -> None:
    config = {"url": "https://a.example/other", "secret": "whsec_new"}
    found = difference(replace(WANTED, channels=(replace(WANTED.channels[0], config=config),)), kept(WANTED))
    assert found.lines == ("~ channel 'hook': secret (not shown), url (not shown)",)


def test_other_settings_of_a_channel_are_shown() -> None:
    mail = replace(WANTED.channels[0], kind="email", config={"to": "b@home.example"})
    old = Catalog(channels=(replace(mail, config={"to": "a@home.example"}),))
    assert difference(Catalog(channels=(mail,)), kept(old)).lines == (
        "~ channel 'hook': to a@home.example → b@home.example",
    )


def test_nothing_is_removed_without_prune() -> None:
    found = difference(replace(WANTED, subscriptions=()), kept(WANTED))
    assert found.changes.removed == ()
    assert found.left == ("subscription 'energy/hook'",)


def test_prune_removes_what_the_same_file_put_there() -> None:
    found = difference(replace(WANTED, subscriptions=()), kept(WANTED), prune=True)
    assert [row.id for row in found.changes.removed] == ["energy/hook"]
    assert (found.lines, found.left) == (("- subscription 'energy/hook'",), ())


def test_prune_leaves_what_another_place_put_there() -> None:
    found = difference(NOTHING, kept(WANTED, source="console", changed_in="console"), prune=True)
    assert (found.lines, found.refused, found.changes.removed) == ((), (), ())


def test_prune_refuses_what_was_changed_elsewhere_since() -> None:
    found = difference(NOTHING, kept(Catalog(subscribers=WANTED.subscribers), changed_in="console"), prune=True)
    assert len(found.refused) == 1
    assert found.refused[0].startswith("subscriber 'anne' was changed in console since this file put it there")


def test_prune_refuses_what_another_place_still_uses() -> None:
    theirs = kept(WANTED, source="console", changed_in="console").subscriptions
    found = difference(
        replace(WANTED, watchlists=(), subscriptions=()), replace(kept(WANTED), subscriptions=theirs), prune=True
    )
    assert found.refused == (
        "watchlist 'energy' cannot be removed: subscription 'energy/hook' of console still uses it",
    )


def test_an_entry_changed_elsewhere_is_refused() -> None:
    wanted = replace(WANTED, subscribers=(replace(WANTED.subscribers[0], name="Anna"),))
    found = difference(wanted, kept(WANTED, changed_in="console"))
    (refusal,) = found.refused
    assert refusal == (
        "subscriber 'anne' was changed in console since this file put it there; "
        "write into the file what is in force, apply, and then change it"
    )


def test_an_entry_that_another_file_put_there_is_refused() -> None:
    wanted = Catalog(subscribers=(replace(WANTED.subscribers[0], name="Anna"),))
    found = difference(wanted, kept(WANTED, source="/b.yaml", changed_in="/b.yaml"))
    (refused,) = found.refused
    assert refused.startswith("subscriber 'anne' was put in force by /b.yaml; change it there, or use another id here")
    assert refused.endswith("if this file is that one under a new name: --source /b.yaml")


def test_a_file_brought_in_line_with_what_was_changed_elsewhere_owns_it_again() -> None:
    found = difference(Catalog(subscribers=WANTED.subscribers), kept(WANTED, changed_in="console"))
    assert found.lines == ("~ subscriber 'anne': says what is in force again",)
    assert [row.kept.version for row in found.changes.put] == [3]


def test_what_another_place_put_there_in_the_same_words_stays_its_own() -> None:
    found = difference(WANTED, kept(WANTED, source="console", changed_in="console"))
    assert (found.changes.put, found.refused) == ((), ())


def test_a_subscription_is_the_same_whatever_its_id() -> None:
    named_otherwise = (replace(WANTED.subscriptions[0], id="s-17"),)
    found = difference(WANTED, replace(kept(WANTED), subscriptions=kept_rows(named_otherwise)))
    assert (found.lines, found.refused, found.changes.put) == ((), (), ())


HELVION_LIST = WANTED.watchlists[0]


def named(name: str, *aliases: str) -> Entity:
    return Entity(id=EntityId(name), name=name, aliases=aliases)


def kept_rows(rows: tuple[SubscriptionRow, ...]) -> tuple[SubscriptionRow, ...]:
    return tuple(replace(row, kept=KEPT) for row in rows)
