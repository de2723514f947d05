"""Google Calendar's REST API as we ask it: a signed-in line to one person's calendars, refusals as our errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bookingbridge.canonical.errors import NotFound, Refused, Rejected
from bookingbridge.canonical.ports import Given, Json
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.google_calendar import wire
from bookingbridge.vendors.google_calendar.faults import fault
from bookingbridge.vendors.google_calendar.read import converted

PAGE = 500
"""Events a page. Google's own default is 250, its limit 2,500 (discovery document of calendar v3, November 2026)."""


class Api:
    """A signed-in line. `calendar` is the chosen one; Refused on first use where none is chosen."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._root = f"{given.base_url.rstrip('/')}/calendar/{wire.API_VERSION}"
        self._headers = {"Authorization": f"Bearer {given.tokens.access}"}
        self._account = given.account
        self._zone: str | None = None

    @property
    def calendar(self) -> str:
        if not self._account:
            raise Refused("choose a calendar first")
        return self._account

    async def calendars(self, page: str | None) -> wire.Calendars:
        """A page of the calendars that the person may read."""
        params = {"minAccessRole": "reader", "maxResults": 250, "pageToken": page}
        found = await self._asked("GET", "/users/me/calendarList", "calendars", params=params)
        return converted(found, wire.Calendars)

    async def zone(self) -> str:
        """The zone in which the calendar's days begin; asked for once."""
        if self._zone is None:
            path = f"/users/me/calendarList/{quote(self.calendar, safe='')}"
            found = converted(await self._asked("GET", path, "calendars"), wire.Calendar)
            self._zone = found.time_zone or "UTC"
        return self._zone

    async def events(self, **params: Any) -> wire.Events:
        """A page of events, recurring ones taken apart, deleted ones with what Google still tells of them.

        TokenGone for tokens that ran out; Rejected (code "calendar_gone") where there is no such calendar any more.
        """
        asked = {"singleEvents": "true", "showDeleted": "true", "maxResults": PAGE} | params
        try:
            found = await self._asked("GET", self._events(), "events", params=asked)
        except NotFound as gone:
            why = "the calendar is gone, or no longer shared with the person who signed in"
            raise Rejected(why, code="calendar_gone") from gone
        page = converted(found, wire.Events)
        self._zone = page.time_zone
        return page

    async def event(self, event_id: str) -> Json:
        """The event as it is now, also one that was deleted. NotFound where there is none."""
        return await self._asked("GET", self._events(event_id), "events")

    async def insert(self, event: Json, **params: Any) -> Json:
        """The event is there. Taken where its id is in use, which also that of a deleted event stays."""
        return await self._asked("POST", self._events(), "events", params=params, json=event)

    async def patch(self, event_id: str, change: Json, *, etag: str | None, **params: Any) -> Json:
        """The event is changed, if it still is as its etag says; else Stale."""
        path = self._events(event_id)
        return await self._asked("PATCH", path, "events", params=params, json=change, headers=_if_match(etag))

    async def delete(self, event_id: str, *, etag: str | None, **params: Any) -> None:
        """The event is cancelled, if it still is as its etag says; else Stale. NotFound where it was already."""
        path = self._events(event_id)
        answer = await self._send("DELETE", path, params=params, headers=_if_match(etag))
        if not answer.is_ok:
            raise fault(answer, "events")

    async def watch(self, channel: Json) -> Answer:
        """What Google answers to our wish for a channel that tells of the calendar's changes."""
        return await self._send("POST", f"{self._events()}/watch", json=channel)

    async def stop(self, channel_id: str, resource_id: str) -> None:
        """The channel tells nothing more. NotFound where there is none."""
        body = {"id": channel_id, "resourceId": resource_id}
        answer = await self._send("POST", "/channels/stop", json=body, is_repeatable=True)
        if not answer.is_ok:
            raise fault(answer, "channels")

    def _events(self, event_id: str | None = None) -> str:
        path = f"/calendars/{quote(self.calendar, safe='')}/events"
        return path if event_id is None else f"{path}/{quote(event_id, safe='')}"

    async def _asked(self, method: str, path: str, what: str, **more: Any) -> Json:
        answer = await self._send(method, path, **more)
        if not answer.is_ok:
            raise fault(answer, what)
        return answer.object()

    async def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        return await self._http.send(method, self._root + path, headers=self._headers | (headers or {}), **more)


def _if_match(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}
