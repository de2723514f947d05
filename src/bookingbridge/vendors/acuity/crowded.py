"""A day with more appointments than one list shows: read calendar by calendar, and from both ends."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.acuity.api import Api
from bookingbridge.vendors.acuity.sweeps import Stretch
from bookingbridge.vendors.acuity.wire import CAP

log = structlog.get_logger("vendors.acuity")

NAMES = {"/appointments": "appointments", "/blocks": "blocks"}


async def rows_of_a_day(
    api: Api, path: str, day: Stretch, rows: list[Json], params: Mapping[str, str]
) -> tuple[list[Json], bool]:
    """What Acuity shows of the day in all ways we know to ask, each once; and whether that is surely all of it."""
    found = {str(row.get("id")): row for row in rows}
    calendars = [calendar.get("id") for calendar in await api.calendars()]
    is_whole = {row.get("calendarID") for row in rows} <= set(calendars)
    for calendar in calendars:
        asked = {**day.params(), **params, "calendarID": str(calendar)}
        some = await api.rows(path, NAMES[path], **asked)
        if len(some) >= CAP and "direction" in params:
            seen = {str(row.get("id")) for row in some}
            others = await api.rows(path, NAMES[path], **{**asked, "direction": "DESC"})
            # Both ends of the list meet where it has fewer than twice as many as one list shows.
            is_whole = is_whole and any(str(row.get("id")) in seen for row in others)
            some += others
        elif len(some) >= CAP:
            is_whole = False
        found |= {str(row.get("id")): row for row in some}
    if not is_whole:
        log.warning("a day is too full to be read whole", of=NAMES[path], day=day.first.isoformat(), shown=len(found))
    return list(found.values()), is_whole
