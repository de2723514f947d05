"""Lists of events as Google gives them: filters, pages, and tokens that give what changed since."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.google_calendar.simulator.answers import Refusal, invalid
from bookingbridge.vendors.google_calendar.simulator.events import Calendar, Held, span
from bookingbridge.vendors.google_calendar.simulator.world import World

# The discovery document names these as not to be given together with a sync token (calendar v3, November 2026).
_NOT_WITH_SYNC = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "timeMin", "timeMax", "updatedMin")
_MOST, _USUAL = 2500, 250
_OLDEST_CHANGE = timedelta(days=28)


def listed(
    world: World, calendar: Calendar, query: Mapping[str, str], *, now: datetime, lag: timedelta, is_withheld: bool
) -> Json:
    """A page of the calendar's events. `is_withheld` makes it an empty one that leads on."""
    page = _page(world, query)
    since = _since(world, query)
    snapshot = page.get("at", calendar.changes)
    found = [h for h in _matching(calendar, query, since, now=now, lag=lag) if h.place > page.get("after", -1)]
    found.sort(key=lambda h: h.place)
    size = min(_number(query.get("maxResults"), _USUAL), _MOST, world.rules.page_size)
    shown = [] if is_withheld else found[:size]
    answer: Json = {
        "kind": "calendar#events", "etag": f'"p{calendar.changes}"', "summary": calendar.summary,
        "updated": times.text(now), "timeZone": calendar.time_zone, "accessRole": calendar.role,
        "defaultReminders": [], "items": [_shown(h, world) for h in shown],
    }  # fmt: skip
    if len(shown) < len(found):
        # A page withheld again gives another token first and then an old one: only an endless list is a circle.
        turn = (page.get("turn", 0) % 2) + 1 if is_withheld else 0
        after = shown[-1].place if shown else page.get("after", -1)
        token = {"after": after, "at": snapshot, "turn": turn, "asked": _digest(query), "era": world.era}
        return answer | {"nextPageToken": _packed(token)}
    late = [h.at - 1 for h in calendar.events.values() if since is not None and h.at > since and _is_late(h, now, lag)]
    at = min([snapshot, *late])
    return answer | {"nextSyncToken": _packed({"sync": at, "calendar": calendar.id, "era": world.era})}


def _matching(
    calendar: Calendar, query: Mapping[str, str], since: int | None, *, now: datetime, lag: timedelta
) -> list[Held]:
    is_single = query.get("singleEvents") == "true"
    earliest, latest = _time(query, "timeMin"), _time(query, "timeMax")
    changed = _time(query, "updatedMin")
    if changed is not None and now - changed > _OLDEST_CHANGE:
        message = "The requested minimum modification time lies too far in the past."
        raise Refusal(410, "updatedMinTooLongAgo", message)
    is_deleted_shown = query.get("showDeleted") == "true" or since is not None or changed is not None
    wanted = dict([part.partition("=")[::2]] if (part := query.get("privateExtendedProperty", "")) else [])

    def is_in(held: Held) -> bool:
        body = held.body
        starts_at, ends_at = span(body, calendar.time_zone)
        private = (body.get("extendedProperties") or {}).get("private") or {}
        return (
            (not held.is_series if is_single else "recurringEventId" not in body)
            and (is_deleted_shown or body["status"] != "cancelled")
            and (since is None or (held.at > since and not _is_late(held, now, lag)))
            and (earliest is None or ends_at > earliest)
            and (latest is None or starts_at < latest)
            and (changed is None or times.rfc3339(body["updated"]) >= changed)
            and ("iCalUID" not in query or body["iCalUID"] == query["iCalUID"])
            and all(private.get(name) == value for name, value in wanted.items())
        )

    return [held for held in calendar.events.values() if is_in(held)]


def _is_late(held: Held, now: datetime, lag: timedelta) -> bool:
    return lag > timedelta() and times.rfc3339(held.body["updated"]) > now - lag


def _shown(held: Held, world: World) -> Json:
    body = held.body
    if body["status"] != "cancelled" or world.rules.tells_deleted:
        return body
    kept = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
    return {name: body[name] for name in kept if name in body}


def _since(world: World, query: Mapping[str, str]) -> int | None:
    """The number of the last change that the caller knows; None without a sync token."""
    if "syncToken" not in query:
        return None
    if clash := next((name for name in _NOT_WITH_SYNC if name in query), None):
        raise invalid(f"Sync token cannot be combined with {clash}.")
    token = _unpacked(query["syncToken"])
    if token.get("era") != world.era or not isinstance(token.get("sync"), int):
        message = "Sync token is no longer valid, a full sync is required."
        raise Refusal(410, "fullSyncRequired", message, domain="calendar")
    return int(token["sync"])


def _page(world: World, query: Mapping[str, str]) -> Json:
    if "pageToken" not in query:
        return {}
    token = _unpacked(query["pageToken"])
    if token.get("era") != world.era or token.get("asked") != _digest(query):
        raise invalid("Invalid page token value.")
    return token


def _digest(query: Mapping[str, str]) -> str:
    """The same for each page of one list: every parameter must stay as it was."""
    asked = sorted((name, value) for name, value in query.items() if name != "pageToken")
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    try:
        return times.rfc3339(query[name]) if name in query else None
    except Unreadable as broken:
        raise invalid(f"Invalid value for: {name}", "badRequest") from broken


def _number(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not text.isdigit() or int(text) < 1:
        raise invalid("Invalid value for: maxResults", "invalidParameter")
    return int(text)


def _packed(token: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode()


def _unpacked(text: str) -> dict[str, Any]:
    try:
        token = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, RecursionError) as broken:
        raise invalid("Invalid sync or page token value.") from broken
    if not isinstance(token, dict):
        raise invalid("Invalid sync or page token value.")
    return token
