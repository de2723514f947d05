"""When a connection is read: everything once a night, what changed by day and by night, in the business's own time.

Pure: what is stored of a plan is what somebody changed of it; the rest follows the vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ports import Ability, Manifest

SHORTEST, LONGEST = 5, 7 * 24 * 60
"""Minutes: more often gains nothing that webhooks do not bring, more seldom is no connection any more."""

ANALYTICS_EVERY = timedelta(minutes=30)
OUTSIDE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Local times as "HH:MM", intervals in minutes. An empty `full_at` means that not everything is read by itself.

    Within [opens, closes) what changed is read each `every_minutes`, else each `every_outside_minutes`; where both
    times are the same it is always within.
    """

    full_at: str
    every_minutes: int
    every_outside_minutes: int
    opens: str = "08:00"
    closes: str = "20:00"


def usual(manifest: Manifest) -> Plan:
    """The plan of a vendor's connection of which nobody changed anything."""
    every = manifest.every
    is_analytics = Ability.AD_SPEND in manifest.abilities and Ability.BOOKINGS not in manifest.abilities
    if is_analytics:
        every = min(every, ANALYTICS_EVERY)
    outside = every if is_analytics else max(every, OUTSIDE_EVERY)
    return Plan("02:00", _minutes(every), _minutes(outside))


def _minutes(span: timedelta) -> int:
    return max(SHORTEST, min(LONGEST, round(span / timedelta(minutes=1))))


def read(stored: Mapping[str, Any], manifest: Manifest) -> Plan:
    """The plan with what was changed of it."""
    known = {f.name for f in fields(Plan)}
    return replace(usual(manifest), **{name: value for name, value in stored.items() if name in known})


def change(stored: Mapping[str, Any], said: Mapping[str, str], manifest: Manifest) -> dict[str, Any]:
    """What is stored once somebody said this: only what differs from the usual. Refused with what to correct.

    What is not said stays as it was.
    """
    unknown = said.keys() - {f.name for f in fields(Plan)}
    if unknown:
        raise Refused(f"a plan has no {', '.join(sorted(unknown))}", code="invalid_plan")
    now = asdict(read(stored, manifest)) | {name: _checked(name, value.strip()) for name, value in said.items()}
    before = asdict(usual(manifest))
    return {name: value for name, value in now.items() if value != before[name]}


def _checked(name: str, value: str) -> str | int:
    if name.endswith("_minutes"):
        if not (value.isascii() and value.isdigit() and SHORTEST <= int(value) <= LONGEST):
            raise Refused(f"{name} is a number of minutes from {SHORTEST} to {LONGEST}", code="invalid_plan")
        return int(value)
    if name == "full_at" and not value:
        return ""
    try:
        return _clock(value).strftime("%H:%M")
    except ValueError as bad:
        raise Refused(f"{name} is a time of day such as 02:00", code="invalid_plan") from bad


def _clock(value: str) -> time:
    return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone


def is_open(plan: Plan, now: datetime, zone: ZoneInfo) -> bool:
    """Whether this is within business hours, which may go past midnight."""
    local, opens, closes = now.astimezone(zone).time(), _clock(plan.opens), _clock(plan.closes)
    if opens == closes:
        return True
    return opens <= local < closes if opens < closes else (local >= opens or local < closes)


def interval(plan: Plan, now: datetime, zone: ZoneInfo) -> timedelta:
    """How often what changed is read at this hour."""
    return timedelta(minutes=plan.every_minutes if is_open(plan, now, zone) else plan.every_outside_minutes)


def next_incremental(plan: Plan, now: datetime, zone: ZoneInfo) -> datetime:
    """When what changed is read next: after the interval, or when the business opens, whichever is sooner."""
    then = now + interval(plan, now, zone)
    return then if is_open(plan, now, zone) else min(then, _next(plan.opens, now, zone))


def next_full(plan: Plan, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When everything is read next; None where that was switched off."""
    return _next(plan.full_at, now, zone) if plan.full_at else None


def _next(clock: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The next instant after `now` at which the local clock shows this; where it skips that, the instant after."""
    day = now.astimezone(zone).date()
    for ahead in range(3):
        at = datetime.combine(day + timedelta(days=ahead), _clock(clock), zone).astimezone(UTC)
        if at > now:
            return at
    raise AssertionError("unreachable: a local time comes every day")
