"""What a page of figures was asked for, whatever stands in its address."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.ids import AccountId, BusinessId, LocationId
from bookingbridge.domains.accounts.api import Business, Location, Settings
from bookingbridge.domains.attribution.api import Model
from bookingbridge.domains.insights.api import Period
from bookingbridge.web.asking import Asked, asked, bucket_words, unit_of

TODAY = date(2026, 3, 2)
BUSINESS = Business(
    BusinessId(UUID(int=1)), AccountId(UUID(int=2)), "Shop", "Europe/Berlin", "EUR", "DE", False,
    Settings(default_model="last"), datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip
PLACES = [
    Location(LocationId(UUID(int=i)), name, None, None, is_active)
    for i, name, is_active in ((7, "Mitte", True), (8, "Nord", True), (9, "Closed", False))
]


def _asked(**query: str) -> Asked:
    return asked(query, BUSINESS, TODAY, PLACES)


def test_nothing_asked_is_ninety_days_in_the_businesss_own_model() -> None:
    found = _asked()
    assert found.period == Period(date(2025, 12, 3), TODAY)
    assert (found.period.days, found.model, found.location_id) == (90, Model.LAST, None)
    assert found.address("/today") == "/today"


def test_periods_end_today() -> None:
    assert _asked(period="today").period == Period(TODAY, TODAY)
    assert _asked(period="7d").period == Period(date(2026, 2, 24), TODAY)
    assert _asked(period="year").period == Period(date(2026, 1, 1), TODAY)
    assert _asked(period="365d").period.days == 365


def test_a_location_that_is_closed_or_not_ours_is_not_asked_for() -> None:
    assert _asked(location=str(UUID(int=7))).location_id == UUID(int=7)
    assert _asked(location=str(UUID(int=9))).location_id is None
    assert _asked(location=str(UUID(int=70))).location_id is None
    (places,) = [s for s in _asked().selects() if s.name == "location"]
    assert [c.label for c in places.choices] == ["All locations", "Mitte", "Nord"]
    one = asked({}, BUSINESS, TODAY, PLACES[:1])
    assert [s.name for s in one.selects()] == ["period", "model"]


def test_an_address_asks_for_the_same_again() -> None:
    found = _asked(period="30d", model="first", location=str(UUID(int=8)))
    path = found.address("/attribution", key="a&b=c")
    assert path == f"/attribution?period=30d&model=first&location={UUID(int=8)}&key=a%26b%3Dc"


@given(st.dictionaries(st.sampled_from(["period", "model", "location", "key"]), st.text(max_size=60)))
def test_whatever_is_asked_there_is_a_period_up_to_today_with_one_choice_marked_in_each_list(
    query: dict[str, str],
) -> None:
    found = asked(query, BUSINESS, TODAY, PLACES)
    assert found.period.last == TODAY
    assert found.period.first <= TODAY
    assert all(sum(choice.is_chosen for choice in select.choices) == 1 for select in found.selects())


def test_pieces_are_named_by_their_first_day_and_called_what_they_are() -> None:
    assert bucket_words(Period(date(2026, 2, 24), TODAY), today=TODAY) == "Feb 24"
    assert bucket_words(Period(date(2025, 12, 30), date(2026, 1, 5)), today=TODAY) == "Dec 30, 2025"
    assert unit_of(_asked(period="7d").period.buckets()) == "Day"
    assert unit_of(_asked().period.buckets()) == "Week"
    assert unit_of(_asked(period="365d").period.buckets()) == "Four weeks"
