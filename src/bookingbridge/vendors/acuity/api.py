"""Acuity's REST API as we ask it: signed in either way, one answer a list, and what hardly changes asked once."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import NotFound, Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Given, Json, Tokens
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.acuity.answers import an_object, checked, objects
from bookingbridge.vendors.acuity.people import client_id, tidy

API = "/api/v1"
USER_ID = "user_id"
CURRENCY = "currency"

_ID = re.compile(r"[1-9][0-9]{0,17}")


class Api:
    """A signed-in line to one Acuity account. Account, calendars, types and clients are asked for once."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._url = given.base_url.rstrip("/") + API
        self._headers = {"Authorization": authorization(given.tokens), "Accept": "application/json"}
        self._settings = given.settings
        self._me: Json | None = None
        self._lists: dict[str, list[Json]] = {}

    async def ask(self, path: str, **params: Any) -> Answer:
        return await self._http.send("GET", self._url + path, headers=self._headers, params=params)

    async def get(self, path: str, what: str, **params: Any) -> Json:
        """The object at `path`. NotFound where there is none."""
        return an_object(await self.ask(path, **params), what)

    async def rows(self, path: str, what: str, **params: Any) -> list[Json]:
        """The list at `path`."""
        return objects(await self.ask(path, **params), what)

    async def write(self, method: str, path: str, what: str, body: Json | list[Json], **params: Any) -> Answer:
        """The answer to a change, asked once: Acuity knows no idempotency key (API v1, 2026-11)."""
        answer = await self._http.send(
            method, self._url + path, headers=self._headers, params=params, json=body, is_repeatable=False
        )
        return checked(answer, what)

    async def delete(self, path: str, what: str) -> None:
        """It is there no more. NotFound where it was not."""
        answer = await self._http.send("DELETE", self._url + path, headers=self._headers, is_repeatable=True)
        checked(answer, what)

    async def me(self) -> Json:
        """The account."""
        if self._me is None:
            self._me = await self.get("/me", "the account")
        return self._me

    async def zone(self) -> ZoneInfo:
        """The business's time zone, in which dates are meant; UTC where Acuity does not say."""
        name = (await self.me()).get("timezone")
        try:
            return times.zone(name) if isinstance(name, str) else ZoneInfo("UTC")
        except Unreadable:
            return ZoneInfo("UTC")

    async def currency(self) -> str:
        """What amounts are in: the connection's setting, else what the account says, else US dollars."""
        return (
            usable_currency(self._settings.get(CURRENCY)) or usable_currency((await self.me()).get(CURRENCY)) or "USD"
        )

    async def calendars(self) -> list[Json]:
        return await self._once("/calendars", "calendars")

    async def types(self) -> list[Json]:
        """Appointment types, deleted ones too: past appointments still mean them."""
        return await self._once("/appointment-types", "appointment types", includeDeleted="true")

    async def clients(self) -> list[Json]:
        """All clients, one entry per id: of several entries of one person the one that says most."""
        if "people" not in self._lists:
            self._lists["people"] = one_each(await self._once("/clients", "clients"))
        return self._lists["people"]

    async def place_of(self, calendar: object) -> str | None:
        """The location that this calendar gives, if any."""
        found = next((c for c in await self.calendars() if calendar is not None and c.get("id") == calendar), {})
        location = found.get("location")
        return tidy(location) or None if isinstance(location, str) else None

    async def _once(self, path: str, what: str, **params: Any) -> list[Json]:
        if path not in self._lists:
            self._lists[path] = await self.rows(path, what, **params)
        return self._lists[path]


def authorization(tokens: Tokens) -> str:
    """The header's value: Basic with the user's id where an API key was pasted, else Bearer."""
    user_id = tokens.extra.get(USER_ID)
    if user_id is None:
        return f"Bearer {tokens.access}"
    return "Basic " + base64.b64encode(f"{user_id}:{tokens.access}".encode()).decode("ascii")


def in_path(remote_id: str) -> str:
    """The id, fit to be part of a path. NotFound where it is no id of Acuity's, which are whole numbers."""
    if not _ID.fullmatch(remote_id):
        raise NotFound("Acuity's ids are whole numbers; it has no such thing")
    return remote_id


def usable_currency(given: object) -> str | None:
    """The ISO 4217 code that was given, if it is one by its form."""
    if not isinstance(given, str):
        return None
    try:
        return Money(0, given.strip().upper()).currency
    except Unreadable:
        return None


def id_of_client(entry: Mapping[str, Any]) -> str | None:
    """The id we derive for a client or for the person of an appointment; None where nothing is said of them."""
    said = [entry.get(name) for name in ("firstName", "lastName", "email", "phone")]
    first, last, email, phone = (value if isinstance(value, str) else None for value in said)
    return client_id(first, last, email, phone)


def one_each(entries: list[Json]) -> list[Json]:
    """Of the entries that are the same person by our id, the fullest; those without an id are all kept, to be shown."""
    kept: dict[str, Json] = {}
    for n, entry in enumerate(entries):
        key = id_of_client(entry) or f"#{n}"
        if key not in kept or _weight(entry) > _weight(kept[key]):
            kept[key] = entry
    return list(kept.values())


def _weight(entry: Json) -> tuple[int, str]:
    return sum(bool(value) for value in entry.values()), str(entry.get("phone"))
