"""How something is known, in words: the rules that join touches, visits and payments, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bookingbridge.domains.insights.api import CERTAIN, Recognised
from bookingbridge.web import format as fmt
from bookingbridge.web.ui.parts import Tag

NO_TOUCH = "no touch seen"

HOW: Mapping[str, str] = MappingProxyType(
    {
        "booking_token": "booking token",
        "coupon": "coupon",
        "named": "named by its source",
        "email": "same e-mail",
        "phone": "same phone number",
        "call": "call to a tracked number",
        "asked": "asked",
    }
)
"""The rules of insights in a few words each."""

RULES: Mapping[str, str] = MappingProxyType(
    {
        "booking_token": "Token in the booking",
        "email": "Same e-mail address",
        "phone": "Same phone number",
        "asked": "Their own answer",
        "named": "Named outright",
        "reference": "Reference in the payment's text",
        "only_visit_that_day": "Same client, same day",
        "exact_price": "Same client, same day, exact price",
        "nearest_end": "Same client, same day, nearest end",
        "only_visit_around": "Same client, only visit around that day",
    }
)
"""The rules of links and settlements as titles."""

_CERTAIN_RULES = frozenset({"booking_token", "named", "reference"})
_LIKELY = Tag("Likely", "info")


def sure(rule: str) -> Tag:
    """How sure a link or settlement made by this rule is."""
    if rule in _CERTAIN_RULES:
        return Tag("Certain", "good")
    return Tag("Their word", "flat") if rule == "asked" else _LIKELY


def recognised_words(channel: str, found: Recognised | None) -> tuple[str, str]:
    """How a campaign's visits were mostly recognised, and how sure that is: `same e-mail`, `40% certain`."""
    if channel == "unknown":
        return NO_TOUCH, fmt.NOTHING
    if found is None:
        return fmt.NOTHING, fmt.NOTHING
    rule, part = found.main
    mostly = HOW[rule] if part >= 0.999 else f"mostly {HOW[rule]}" if part > 0.5 else "mixed"
    if found.certain >= 0.995:
        return mostly, "certain"
    return mostly, "likely" if found.certain <= 0.005 else f"{fmt.percent(found.certain)} certain"


def is_certain(rule: str) -> bool:
    """Whether the rule of a cause cannot join two people."""
    return rule in CERTAIN
