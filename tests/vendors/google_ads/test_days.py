"""Vendors do not know each other: Google Ads has its own copy of how days are planned. It must not drift."""

from __future__ import annotations

import inspect

from bookingbridge.vendors.google_ads import days as googles
from bookingbridge.vendors.meta_ads import days as metas


def test_both_platforms_days_are_planned_alike_so_that_one_set_of_tests_holds_for_both() -> None:
    assert inspect.getsource(googles) == inspect.getsource(metas)
