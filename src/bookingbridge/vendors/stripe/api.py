"""Stripe's REST API as we ask it: one pinned version, forms, lists from the newest back, refusals as our errors."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Given, Json
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendorkit.paging import Trail
from bookingbridge.vendors.stripe.answers import body_of
from bookingbridge.vendors.stripe.forms import flat
from bookingbridge.vendors.stripe.wire import API_VERSION

PAGE = 100  # the most that Stripe gives at once (docs.stripe.com/api/pagination, read 2026-11)
MOST_EMPTY = 5
"""How often in a row the same page is asked for again that was empty though there was said to be more."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


class Api:
    """A signed-in line to one account."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._base_url = given.base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {given.tokens.access}", "Stripe-Version": API_VERSION}

    async def get(self, path: str, what: str, **params: Any) -> Json:
        """The answer's object. `what` is asked for, in words, for errors."""
        answer = await self._http.send("GET", self._base_url + path, headers=self._headers, params=flat(params))
        return body_of(answer, what)

    async def post(self, path: str, what: str, fields: Mapping[str, Any], *, key: str | None = None) -> Json:
        """The answer to a write, tried once: Ambiguous when it may have been done.

        `key` makes a repetition harmless for 24 hours; Stripe repeats its first answer then, also a failure.
        """
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        answer = await self._http.send("POST", self._base_url + path, headers=headers, form=flat(fields))
        return body_of(answer, what)

    async def delete(self, path: str, what: str) -> Json:
        answer = await self._http.send("DELETE", self._base_url + path, headers=self._headers, is_repeatable=True)
        return body_of(answer, what)

    async def pages(
        self, path: str, what: str, *, after: str | None = None, limit: int = PAGE, **params: Any
    ) -> AsyncIterator[tuple[list[Json], bool]]:
        """(objects, whether there are more) from behind the object `after` on, newest first, to the list's end."""
        trail, empty = Trail(what), 0
        while True:
            body = await self.get(path, what, limit=limit, starting_after=after, **params)
            found, has_more = objects(body), body.get("has_more") is True
            yield found, has_more
            if not has_more:
                return
            if found:
                after, empty = trail.step(id_of(found[-1])), 0
            elif (empty := empty + 1) > MOST_EMPTY:
                raise Unreadable(f"the list of {what} does not end", where="has_more", code="list_endless")

    async def everything(self, path: str, what: str, **params: Any) -> list[Json]:
        """The whole list."""
        return [entry async for found, _ in self.pages(path, what, **params) for entry in found]


def objects(body: Json) -> list[Json]:
    """A list's `data`."""
    found = body.get("data")
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Unreadable("not a list of objects", where="data")
    return found


def id_of(found: Json) -> str:
    """The object's id; a placeholder where it has none, so that it is kept and shown as unreadable."""
    remote_id = found.get("id")
    return remote_id if isinstance(remote_id, str) and remote_id else "(no id)"


def in_path(remote_id: str) -> str:
    """The id, fit to be part of a path. Unreadable where it is no id of Stripe's."""
    if not _ID.fullmatch(remote_id):
        raise Unreadable(f"{remote_id[:60]!r} is no id of Stripe's", where="id")
    return remote_id


def word(value: Any) -> str | None:
    """The text, or the id of the object in its place; None for anything else."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else None
