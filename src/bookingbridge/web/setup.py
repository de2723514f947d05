"""The set-up as a list: what is done, what is left, what each step unlocks. Welcome shows it, Today reminds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bookingbridge.canonical.ports import Ability
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Business
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.infra.db import Tx
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Health
from bookingbridge.web import format as fmt

SKIPPED = "skipped_steps"
"""The name under which a business's settings keep the steps somebody chose not to do."""

ANSWERS = "heard_answers"
"""The name under which a business's settings keep the answers offered to "how did you hear about us"."""

DEFAULT_ANSWERS = ("A friend", "Google", "Instagram", "Facebook", "Walked by", "Flyer")

FILES = "files"
"""The vendor's name of connections that files made."""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step. `done` says what was done, empty where nothing was."""

    key: str
    title: str
    unlocks: str
    minutes: int
    href: str
    done: str = ""
    is_skipped: bool = False
    can_skip: bool = True

    @property
    def is_left(self) -> bool:
        return not self.done and not self.is_skipped


def knows(engine: Engine, health: Health, ability: Ability) -> bool:
    """Whether this connection tells of such things. Files may hold anything."""
    if health.connection.vendor == FILES:
        return True
    vendor = engine.vendors.get(health.connection.vendor)
    return vendor is not None and ability in vendor.manifest.abilities


async def steps(
    engine: Engine, tx: Tx, business: Business, connected: Sequence[Health], *, people: int | None = None
) -> tuple[SetupStep, ...]:
    """Every step of this business, in the order in which they are best done; the team's where `people` are counted."""
    skipped = set(business.settings.extra.get(SKIPPED, ()))
    some: tuple[SetupStep, ...] = (
        SetupStep(
            "business", "Your business", "money and times as you write them", 1, "/welcome/business",
            f"{business.name}, {business.currency}, {business.time_zone}", can_skip=False,
        ),
        SetupStep(
            "locations", "Locations", "figures per location", 1, "/welcome/locations", await _locations(tx)
        ),
        SetupStep(
            "source", "Booking system", "bookings, visits, revenue, no-shows", 4, "/connections/new",
            _sources(engine, connected, Ability.BOOKINGS), can_skip=False,
        ),
        SetupStep(
            "tracking", "Tracking and tagged links", "what brought each visit", 5, "/welcome/tracking", await _seen(tx)
        ),
        SetupStep(
            "asked", "“How did you hear about us?”", "what nobody clicked", 1, "/welcome/tracking",
            _answers(business),
        ),
        SetupStep(
            "ads", "Ad accounts", "spend and return", 6, "/connections/new",
            _sources(engine, connected, Ability.AD_SPEND),
        ),
    )  # fmt: skip
    if people is not None:
        known = f"{people} people" if people > 1 else ""
        some += (SetupStep("team", "Your team", "colleagues who see their part", 2, "/settings/team", known),)
    return tuple(replace(step, is_skipped=step.key in skipped and not step.done) for step in some)


async def _locations(tx: Tx) -> str:
    return ", ".join(place.name for place in await accounts.locations(tx) if place.is_active)


def _sources(engine: Engine, connected: Sequence[Health], ability: Ability) -> str:
    """The connections that were read at least once and tell of this; files count for bookings only."""
    return ", ".join(
        h.connection.name if h.connection.vendor == FILES else h.title
        for h in connected
        if h.connection.last_success_at
        and knows(engine, h, ability)
        and (h.connection.vendor != FILES or ability is Ability.BOOKINGS)
    )


async def _seen(tx: Tx) -> str:
    """Touches came, and there is a site or link to bring more."""
    newest = await journeys.newest(tx)
    if newest is None or not (await journeys.list_sites(tx) or await journeys.list_links(tx)):
        return ""
    return f"last touch {fmt.age(newest, tx.now)}"


def _answers(business: Business) -> str:
    return ", ".join(business.settings.extra.get(ANSWERS, ()))
