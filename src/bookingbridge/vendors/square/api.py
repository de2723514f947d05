"""Square's REST API as we ask it: one version, one way to page, refusals as our errors."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from bookingbridge.canonical.errors import Ambiguous, Unreachable, Unreadable
from bookingbridge.canonical.ports import Given, Json
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendorkit.paging import Trail
from bookingbridge.vendors.square.answers import CursorExpired, body_of, done
from bookingbridge.vendors.square.wire import API_VERSION

Ask = Callable[[str | None], Awaitable[Json]]
"""Asks for the page at a cursor; None is the first."""

# Square's ids are letters, digits, dash and underscore (all examples of its API description, 2025-08-20); the sandbox
# puts "CBA" in front. Nothing else may become part of a path.
_ID = re.compile(r"[A-Za-z0-9_-]{1,192}")


class Api:
    """A signed-in line to one merchant."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._base_url = given.base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {given.tokens.access}", "Square-Version": API_VERSION}

    async def get(self, path: str, what: str, **params: Any) -> Json:
        """The answer's object. `what` is asked for, in words, for errors."""
        answer = await self._http.send("GET", self._base_url + path, headers=self._headers, params=params)
        return body_of(answer, what)

    async def search(self, path: str, what: str, body: Json) -> Json:
        """The answer to a POST that only reads, and so may be repeated."""
        answer = await self._http.send(
            "POST", self._base_url + path, headers=self._headers, json=body, is_repeatable=True
        )
        return body_of(answer, what)

    async def write(self, method: str, path: str, what: str, body: Json) -> Json:
        """The answer to a change. The body holds an idempotency key, so it is repeated; Ambiguous when none came."""
        try:
            answer = await self._http.send(
                method, self._base_url + path, headers=self._headers, json=body, is_repeatable=True
            )
        except Unreachable as silent:
            raise Ambiguous(f"{silent.why}; it may have done it", code=silent.code) from silent
        return done(answer, what)

    async def delete(self, path: str, what: str) -> None:
        """It is there no more. NotFound where it was not."""
        answer = await self._http.send("DELETE", self._base_url + path, headers=self._headers, is_repeatable=True)
        body_of(answer, what, verb="change")


async def pages(ask: Ask, name: str, cursor: str | None) -> AsyncIterator[tuple[list[Json], str | None, Json]]:
    """(objects, the next page's cursor, the whole answer) from `cursor` on, to the list's end.

    A cursor is good for five minutes [third-party notes, 2026-11]; one that Square forgot starts the list again.
    """
    trail, may_restart = Trail(name), cursor is not None
    while True:
        try:
            body = await ask(cursor)
        except CursorExpired:
            if cursor is None or not may_restart:
                raise
            cursor, may_restart = None, False
            continue
        following = body.get("cursor") or None
        if following is not None and not isinstance(following, str):
            raise Unreadable(f"the list of {name} has no usable cursor", where="cursor")
        found = objects(body, name)
        yield found, following, body
        if following is None:
            return
        cursor = trail.step(following, is_empty=not found)


def objects(body: Json, name: str) -> list[Json]:
    """The list called `name`; an empty one where Square left it out."""
    found = body.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Unreadable("not a list of objects", where=name)
    return found


def in_path(remote_id: str) -> str:
    """The id, fit to be part of a path. Unreadable where it is no id of Square's."""
    if not _ID.fullmatch(remote_id):
        raise Unreadable(f"{remote_id[:60]!r} is no id of Square's", where="id")
    return remote_id
