"""Every model shares a visit's revenue as its sentence says, to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.domains.attribution import rules
from bookingbridge.domains.attribution.rules import MODELS, Model, Touch

BOOKED = datetime(2026, 3, 31, 12, tzinfo=UTC)


def touch(
    number: int, *, days: float = 0, channel: str = "google_ads", campaign: str = "", direct: bool = False
) -> Touch:
    return Touch(UUID(int=number), BOOKED - timedelta(days=days), channel, campaign, direct)


def ways(*names: str) -> list[Touch]:
    """A path of these channels, a day apart, the last one on the day of the booking."""
    last = len(names) - 1
    return [touch(i, days=last - i, channel=n, direct=n == "direct") for i, n in enumerate(names)]


touches = st.lists(
    st.builds(
        Touch,
        id=st.uuids(),
        at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 15), timezones=st.just(UTC)),  # noqa: DTZ001
        channel=st.sampled_from(["google_ads", "meta_ads", "email"]),
        campaign=st.sampled_from(["", "spring"]),
        is_direct=st.booleans(),
    ),
    max_size=12,
)


def test_each_model_shares_three_touches_as_its_sentence_says() -> None:
    way = ways("meta_ads", "google_ads", "direct")
    assert rules.shares(Model.FIRST, way) == [1, 0, 0]
    assert rules.shares(Model.LAST, way) == [0, 0, 1]
    assert rules.shares(Model.LAST_NON_DIRECT, way) == [0, 1, 0]
    assert rules.shares(Model.LINEAR, way) == [1 / 3, 1 / 3, 1 / 3]
    assert rules.shares(Model.POSITION, way) == [0.4, 0.2, 0.4]
    q = 0.5 ** (1 / 7)
    mass = q * q + q + 1
    assert rules.shares(Model.TIME_DECAY, way) == pytest.approx([q * q / mass, q / mass, 1 / mass], rel=1e-12)


def test_a_touch_a_half_life_earlier_counts_half() -> None:
    earlier, later = rules.shares(Model.TIME_DECAY, [touch(1, days=9), touch(2, days=2)])
    assert (earlier, later) == (1 / 3, 2 / 3)


def test_time_decay_survives_touches_from_long_ago() -> None:
    assert rules.shares(Model.TIME_DECAY, [touch(1, days=30_000), touch(2, days=30_000)]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, [Fraction(1)]),
        (2, [Fraction(1, 2)] * 2),
        (3, [Fraction(2, 5), Fraction(1, 5), Fraction(2, 5)]),
        (4, [Fraction(2, 5), Fraction(1, 10), Fraction(1, 10), Fraction(2, 5)]),
        (6, [Fraction(2, 5), *[Fraction(1, 20)] * 4, Fraction(2, 5)]),
    ],
)
def test_position_weights_are_exactly_forty_twenty_forty(n: int, expected: list[Fraction]) -> None:
    found = [Fraction(w) for w in rules.position_weights(n)]
    assert [w / sum(found) for w in found] == expected


def test_last_non_direct_falls_back_to_direct_when_there_was_nothing_else() -> None:
    assert rules.shares(Model.LAST_NON_DIRECT, ways("direct", "direct")) == [0, 1]


def test_no_touch_means_no_credit_in_any_model() -> None:
    assert rules.credits([], 12_345) == {model: [] for model in MODELS}
    assert all(rules.shares(model, []) == [] for model in MODELS)


def test_odd_cents_go_to_the_largest_remainders_and_ties_to_the_earlier() -> None:
    found = rules.credits(ways("a", "b", "c"), 100)
    assert found[Model.LINEAR] == [34, 33, 33]
    assert found[Model.POSITION] == [40, 20, 40]
    assert rules.credits(ways("a", "b"), 101)[Model.POSITION] == [51, 50]


def test_a_net_refund_is_shared_like_its_opposite() -> None:
    way = ways("a", "b", "c")
    paid, refunded = rules.credits(way, 10_001), rules.credits(way, -10_001)
    assert refunded == {model: [-part for part in parts] for model, parts in paid.items()}


def test_the_window_includes_both_ends_and_nothing_after_the_booking() -> None:
    window = timedelta(days=30)
    edge, before, booked = touch(1, days=30), touch(2, days=30.00001), touch(3)
    after = touch(4, days=-0.00001)
    assert rules.within_window([after, booked, before, edge], BOOKED, window) == [edge, booked]


def test_touches_at_one_instant_are_ordered_by_id_whatever_order_they_came_in() -> None:
    a, b, c = touch(1, channel="a"), touch(2, channel="b"), touch(3, channel="c")
    assert rules.path([c, a, b], BOOKED) == rules.path([b, c, a], BOOKED) == [a, b, c]


def at_minutes(*steps: tuple[int, str]) -> list[Touch]:
    start = BOOKED - timedelta(days=1)
    return [
        Touch(UUID(int=i), start + timedelta(minutes=m), name, "", name == "direct")
        for i, (m, name) in enumerate(steps)
    ]


def kept(*steps: tuple[int, str]) -> list[int]:
    return [t.id.int for t in rules.once_per_session(at_minutes(*steps))]


def test_the_same_campaign_again_within_half_an_hour_counts_once() -> None:
    assert kept((0, "meta_ads"), (30, "meta_ads"), (61, "meta_ads")) == [0, 2]


def test_a_session_lasts_as_long_as_touches_follow_within_half_an_hour() -> None:
    assert kept((0, "email"), (25, "email"), (50, "email"), (75, "email")) == [0]


def test_another_channel_in_between_does_not_make_a_repetition_new() -> None:
    assert kept((0, "email"), (5, "meta_ads"), (10, "email"), (15, "meta_ads")) == [0, 1]


def test_another_campaign_of_the_channel_is_a_touch_of_its_own() -> None:
    one, two = touch(1, channel="email", campaign="spring"), touch(2, channel="email", campaign="summer")
    assert rules.once_per_session([one, two]) == [one, two]


def test_a_direct_visit_soon_after_any_touch_is_the_same_visit() -> None:
    assert kept((0, "google_ads"), (10, "direct"), (35, "direct"), (66, "direct")) == [0, 3]


def test_an_ad_soon_after_a_direct_visit_counts() -> None:
    assert kept((0, "direct"), (5, "google_ads")) == [0, 1]


def test_every_model_has_a_title_and_a_sentence() -> None:
    assert set(rules.TITLES) == set(rules.EXPLAIN) == set(Model)
    assert all(text.endswith(".") for text in rules.EXPLAIN.values())


@given(touches, st.integers(-(10**9), 10**12))
def test_credits_sum_to_the_revenue_to_the_cent(found: list[Touch], revenue: int) -> None:
    way = rules.path(found, BOOKED)
    for parts in rules.credits(way, revenue).values():
        assert len(parts) == len(way)
        assert sum(parts) == (revenue if way else 0)
        assert all(part * revenue >= 0 for part in parts)


@given(touches)
def test_shares_sum_to_one(found: list[Touch]) -> None:
    way = rules.path(found, BOOKED)
    for model in MODELS:
        assert sum(rules.shares(model, way)) == pytest.approx(1 if way else 0, abs=1e-12)


@given(touches, st.randoms())
def test_the_order_of_storage_changes_nothing(found: list[Touch], chance: Random) -> None:
    again = list(found)
    chance.shuffle(again)
    unique = {t.id: t for t in found}
    if len(unique) == len(found):
        assert rules.path(again, BOOKED) == rules.path(found, BOOKED)
