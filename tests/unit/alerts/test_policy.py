from datetime import timedelta

import pytest

from alerts.policy import FIRST, HOLD_REASONS, AlertRef, Known, Plan, Route, Rules, plan
from tests.matches import NOON, copy, later, match, mention
from wire import metrics
from wire.article import ArticleId
from wire.messages import Match, StoryId
from wire.watchlist import WatchlistId

FERRIES, PORTS = WatchlistId("ferries"), WatchlistId("ports")
ALERT = AlertRef(FERRIES, StoryId("s1"))
DESK = (Route(channel="desk"),)
ROUTES = {FERRIES: DESK, PORTS: DESK}


def planned(met: Match, known: Known | None = None, *, routes: object = ROUTES, rules: Rules | None = None) -> Plan:
    return plan(met, routes=routes, known=known or Known(), now=NOON, rules=rules or Rules())  # type: ignore[arg-type]  # tests pass plain mappings


def knowing(*, told: str = "", covers: bool = False) -> Known:
    """The alert exists; the desk was told of article `told`, if of any."""
    channels = {"desk": ArticleId(told)} if told else {}
    return Known(alerts={FERRIES: ALERT}, told={ALERT: channels}, covers={"desk": ALERT} if covers else {})


def reasons(made: Plan) -> list[tuple[str, str, str]]:
    return [(each.reason, each.occasion, each.channel) for each in made.suppressions]


def test_first_match_of_a_story_makes_an_alert_and_owes_it_to_every_channel() -> None:
    made = planned(match("a1", "ferries"), routes={FERRIES: (Route(channel="desk"), Route(channel="phone"))})
    assert [new.ref for new in made.alerts] == [ALERT]
    assert [(owed.alert, owed.channel, owed.occasion, owed.joins) for owed in made.deliveries] == [
        (ALERT, "desk", FIRST, None),
        (ALERT, "phone", FIRST, None),
    ]
    assert made.suppressions == ()


def test_a_copy_of_a_told_story_only_enriches_it() -> None:
    made = planned(match("a2", "ferries", relation="copy"), knowing(told="a1"))
    assert (made.alerts, made.deliveries, made.suppressions) == ((), (), ())
    assert [(each.alert, each.article) for each in made.copies] == [(ALERT, "a2")]


def test_a_match_without_mentions_enriches_known_alerts_and_makes_none() -> None:
    met = match("a2", relation="copy")
    assert planned(met) == Plan()
    made = planned(met, knowing())
    assert (made.alerts, made.deliveries) == ((), ())
    assert [each.mentions for each in made.copies] == [()]


def test_earlier_copies_of_the_first_match_belong_to_its_alert() -> None:
    made = planned(match("a3", "ferries", earlier=(copy("a1"), copy("a2"))))
    assert [each.article for each in made.copies] == ["a3", "a1", "a2"]
    assert [bool(each.mentions) for each in made.copies] == [True, False, False]


@pytest.mark.parametrize(
    ("met", "reason"),
    [
        (match("a1", "ferries", backfill=True), "backfill"),
        (match("a1", "ferries", zone="boilerplate"), "zone"),
        (match("a1", "ferries", published=later(hours=-25)), "age"),
        (match("a1", "ferries", fetched_at=later(hours=-25)), "late"),
    ],
)
def test_a_copy_held_back_is_suppressed_with_its_reason_and_owes_nothing(met: Match, reason: str) -> None:
    made = planned(met)
    assert made.deliveries == ()
    assert reasons(made) == [(reason, FIRST, "")]
    assert len(made.alerts) == 1


def test_a_copy_held_back_does_not_use_up_its_story() -> None:
    made = planned(match("a2", "ferries", relation="copy"), knowing())
    assert [(owed.article, owed.occasion) for owed in made.deliveries] == [("a2", FIRST)]


def test_an_article_just_young_enough_passes() -> None:
    assert planned(match("a1", "ferries", published=later(hours=-24))).deliveries
    assert not planned(
        match("a1", "ferries", published=later(hours=-3)), rules=Rules(age_gate=timedelta(hours=2))
    ).deliveries


def test_one_mention_outside_the_boilerplate_is_enough() -> None:
    both = match("a1", "ferries", zone="boilerplate")
    body = match("a1", "ferries", zone="body").mentions
    assert planned(replace_mentions(both, both.mentions + body)).deliveries


def replace_mentions(met: Match, mentions: object) -> Match:
    return Match(**{**{name: getattr(met, name) for name in met.__struct_fields__}, "mentions": mentions})


def test_an_update_of_a_told_story_is_noted_and_not_sent() -> None:
    made = planned(match("a2", "ferries", relation="update"), knowing(told="a1"))
    assert made.deliveries == ()
    assert reasons(made) == [("update", "update:a2", "")]


def test_an_update_that_was_itself_the_first_word_is_not_noted_when_it_comes_again() -> None:
    assert planned(match("a1", "ferries", relation="update"), knowing(told="a1")).suppressions == ()


def test_an_update_is_the_first_word_where_every_earlier_copy_was_held_back() -> None:
    made = planned(match("a2", "ferries", relation="update"), knowing())
    assert [owed.occasion for owed in made.deliveries] == [FIRST]
    assert made.suppressions == ()


def test_two_watchlists_that_lead_to_one_channel_are_told_once() -> None:
    made = planned(match("a1", "ports", "ferries"))
    assert [(owed.alert.watchlist, owed.joins) for owed in made.deliveries] == [(FERRIES, None), (PORTS, ALERT)]


def test_a_watchlist_that_matches_later_joins_what_the_channel_was_told() -> None:
    made = planned(match("a2", "ports", relation="copy"), knowing(told="a1", covers=True))
    assert [(owed.alert.watchlist, owed.joins) for owed in made.deliveries] == [(PORTS, ALERT)]
    assert {each.alert.watchlist for each in made.copies} == {FERRIES, PORTS}


def test_a_watchlist_out_of_force_gets_no_alert() -> None:
    assert planned(match("a1", "rivers")) == Plan()


def test_a_watchlist_that_leads_nowhere_has_alerts_and_owes_nothing() -> None:
    made = planned(match("a1", "ferries"), routes={FERRIES: ()})
    assert len(made.alerts) == 1
    assert made.deliveries == ()


def test_a_disabled_channel_is_passed_over_and_says_so() -> None:
    made = planned(match("a1", "ferries"), routes={FERRIES: (Route(channel="desk", disabled=True),)})
    assert made.deliveries == ()
    assert reasons(made) == [("channel_disabled", FIRST, "desk")]


def test_each_watchlist_keeps_only_its_own_watches() -> None:
    made = planned(match("a1", "ferries", "ports"))
    for each in made.copies:
        assert [watch.watchlist for found in each.mentions for watch in found.watches] == [each.alert.watchlist]


def test_the_alert_names_the_newest_version_of_its_watchlist() -> None:
    met = match("a1", "ferries")
    both = replace_mentions(met, (mention("ferries", version=2), mention("ferries", "ports", version=3)))
    assert {new.ref.watchlist: new.version for new in planned(both).alerts} == {FERRIES: 3, PORTS: 3}


def test_planning_again_what_was_planned_asks_for_nothing_new() -> None:
    made = planned(match("a1", "ferries"))
    again = planned(match("a1", "ferries"), knowing(told=made.deliveries[0].article))
    assert (again.alerts, again.deliveries, again.suppressions) == ((), (), ())


def test_every_reason_is_counted_from_zero() -> None:
    assert set(HOLD_REASONS) == set(metrics.SUPPRESSIONS)
