"""Lists end."""

from __future__ import annotations

import pytest

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.paging import Trail


def test_a_cursor_that_comes_twice_stops_the_reading() -> None:
    trail = Trail("bookings")
    assert [trail.step(c) for c in ("a", "b")] == ["a", "b"]
    with pytest.raises(Unreadable) as stopped:
        trail.step("a")
    assert stopped.value.code == "cursor_repeats"


def test_a_list_of_ever_new_cursors_stops_at_its_bound() -> None:
    trail = Trail("bookings", most=3)
    assert [trail.step(c) for c in ("a", "b", "c")] == ["a", "b", "c"]
    with pytest.raises(Unreadable) as stopped:
        trail.step("d")
    assert stopped.value.code == "list_endless"


def test_empty_pages_are_followed_but_not_for_ever() -> None:
    trail = Trail("bookings", most_empty=2)
    trail.step("a", is_empty=True)
    trail.step("b")
    trail.step("c", is_empty=True)
    with pytest.raises(Unreadable) as stopped:
        trail.step("d", is_empty=True)
    assert stopped.value.code == "list_endless"
