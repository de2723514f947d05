"""The tabs of the settings: those this person may open."""

from __future__ import annotations

from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.web.auth import Caller
from bookingbridge.web.ui.parts import Tab

_TABS: tuple[tuple[str, str, Permission | None], ...] = (
    ("Business", "/settings/business", Permission.MANAGE_BUSINESS),
    ("Locations", "/settings/locations", Permission.MANAGE_BUSINESS),
    ("Attribution", "/settings/attribution", Permission.MANAGE_BUSINESS),
    ("Tracking", "/settings/tracking", Permission.MANAGE_BUSINESS),
    ("Tagged links", "/settings/links", Permission.MANAGE_BUSINESS),
    ("Team", "/settings/team", Permission.MANAGE_TEAM),
    ("API tokens", "/settings/tokens", Permission.MANAGE_TOKENS),
    ("You", "/settings/you", None),
)
"""Label, address, and what it needs; None for what everybody has."""


def tabs_for(caller: Caller, current: str) -> tuple[Tab, ...]:
    """The tabs, the one labelled `current` marked."""
    return tuple(
        Tab(label, href, label == current)
        for label, href, needed in _TABS
        if needed is None or (isinstance(caller, Who) and caller.may(needed))
    )


def first_tab(who: Who) -> str:
    """Where the settings begin for this person."""
    return tabs_for(who, "")[0].href
