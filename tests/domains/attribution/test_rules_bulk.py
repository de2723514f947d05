"""The columns say what the rules say, and say it fast."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.domains.attribution import rules, rules_bulk
from bookingbridge.domains.attribution.rules import MODELS, Touch
from bookingbridge.domains.attribution.rules_bulk import MICROSECOND, Batch, credit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BOOKED = datetime(2026, 3, 31, 12, tzinfo=UTC)

a_touch = st.builds(
    Touch,
    id=st.integers(1, 10**9).map(lambda i: UUID(int=i)),
    at=st.integers(-(40 * 24 * 60), 60).map(lambda minutes: BOOKED + timedelta(minutes=minutes)),
    channel=st.sampled_from(["direct", "google_ads", "meta_ads", "email"]),
    campaign=st.sampled_from(["", "spring"]),
)
visits = st.lists(
    st.tuples(
        st.lists(
            a_touch.map(lambda t: rules.Touch(t.id, t.at, t.channel, t.campaign, t.channel == "direct")), max_size=7
        ),
        st.one_of(st.integers(-50_000, 50_000), st.integers(0, 10**14)),
    ),
    max_size=6,
)


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def as_batch(given_visits: list[tuple[list[Touch], int]]) -> tuple[Batch, list[Touch]]:
    ordered = [rules.in_order(found) for found, _ in given_visits]
    flat = [t for found in ordered for t in found]
    return Batch(
        booked_us=[microseconds(BOOKED)] * len(ordered),
        revenue_minor=[revenue for _, revenue in given_visits],
        touch_counts=[len(found) for found in ordered],
        touched_us=[microseconds(t.at) for t in flat],
        is_direct=[t.is_direct for t in flat],
        origin=[(t.channel, t.campaign) for t in flat],
    ), flat


@given(visits)
def test_the_columns_equal_the_rules(given_visits: list[tuple[list[Touch], int]]) -> None:
    batch, flat = as_batch(given_visits)
    found = credit(batch)
    start = 0
    for visit, (touches, revenue) in enumerate(given_visits):
        way = rules.path(touches, BOOKED)
        rows = slice(start, start + found.touch_counts[visit])
        start = rows.stop
        assert [flat[i] for i in found.touch[rows]] == way
        assert found.visit[rows] == [visit] * len(way)
        assert found.position[rows] == list(range(len(way)))
        expected = rules.credits(way, revenue)
        for model in MODELS:
            assert found.minor[model][rows] == expected[model]
            assert found.share[model][rows] == pytest.approx(rules.shares(model, way), rel=1e-12)
    assert start == len(found.touch)


@given(st.integers(-(10**15), 10**15), st.integers(1, 60))
def test_equal_weights_are_split_like_money(revenue: int, n: int) -> None:
    way = [Touch(UUID(int=i), BOOKED - timedelta(days=n - i, hours=1), "email") for i in range(n)]
    batch, _ = as_batch([(way, revenue)])
    found = credit(batch, window=timedelta(days=90))
    assert found.minor[rules.Model.LINEAR] == rules.credits(way, revenue)[rules.Model.LINEAR]


def test_a_visit_without_touches_has_no_rows() -> None:
    batch, _ = as_batch([([], 5_000)])
    found = credit(batch)
    assert found.touch_counts == [0]
    assert found.touch == []
    assert all(column == [] for column in found.minor.values())


def test_a_batch_whose_counts_do_not_add_up_is_refused() -> None:
    batch, _ = as_batch([([Touch(UUID(int=1), BOOKED, "email")], 5_000)])
    with pytest.raises(ValueError, match="count 0 touches, but there are 1"):
        credit(Batch(batch.booked_us, batch.revenue_minor, [0], batch.touched_us, batch.is_direct, batch.origin))


def test_twenty_thousand_visits_of_three_touches_take_under_two_seconds() -> None:
    n, day = 20_000, 86_400_000_000
    booked = [microseconds(BOOKED) + i for i in range(n)]
    batch = Batch(
        booked_us=booked,
        revenue_minor=[4_000 + 7 * i % 9_000 for i in range(n)],
        touch_counts=[3] * n,
        touched_us=[b - d * day - b % 997 for b in booked for d in (20, 9, 2)],
        is_direct=[False, False, True] * n,
        origin=["google_ads", "email", "direct"] * n,
    )
    before = time.process_time()
    found = rules_bulk.credit(batch)
    assert time.process_time() - before < 2
    assert len(found.touch) == 3 * n
