"""Trafft's REST API as we ask it: one way to list, refusals as our errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bookingbridge.canonical.errors import AuthExpired, NotFound, Rejected, Unreachable, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.trafft import address

LIMIT = 100
"""Rows asked for on a page. What Trafft allows is not documented; a smaller page is taken as it comes."""

LATE = timedelta(minutes=1)
"""Clocks differ: a token that should live another minute may be over at Trafft."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list. `total` and `pages` are None where Trafft does not say them."""

    rows: list[Json] = field(repr=False)
    page: int
    total: int | None
    pages: int | None

    @property
    def is_last(self) -> bool:
        return self.page >= self.pages if self.pages is not None else not self.rows


class Api:
    """A signed-in line to one account."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._base_url = address.base_url(given.base_url, given.tokens.extra)
        self._headers = {"Authorization": f"Bearer {given.tokens.access}", "Accept": "application/json"}
        self._given = given

    async def listed(self, path: str, page: int, *, limit: int = LIMIT) -> Listed:
        """A page of the list at `path`, counted from 1. A page behind the end is empty."""
        body = await self.get(path, page=page, limit=limit)
        return _listed(body, path, page, limit)

    async def get(self, path: str, **params: Any) -> Json:
        answer = await self._http.send("GET", self._base_url + path, headers=self._headers, params=params)
        return self._body(answer, path)

    async def post(self, path: str, body: Json) -> Json:
        """What Trafft answers to something new. Ambiguous where nobody knows whether it is there now."""
        answer = await self._http.send("POST", self._base_url + path, headers=self._headers, json=body)
        if answer.is_ok and not answer.body.strip():
            return {}
        return self._body(answer, path)

    def _body(self, answer: Answer, path: str) -> Json:
        if answer.is_ok:
            return answer.object()
        what, code = path.strip("/").partition("/")[0], f"http_{answer.status}"
        if answer.status == 401:
            raise self._shut_out(code)
        if answer.status == 403:
            raise Rejected(f"Trafft does not let us at {what}; look whether your plan has it", code=code)
        if answer.status in (404, 405):
            raise NotFound(f"Trafft has no such thing among {what}", code=code)
        raise Rejected(f"Trafft refused {what} (status {answer.status})", code=code)

    def _shut_out(self, code: str) -> AuthExpired | Unreachable:
        """A token that has lived its hour is not the end of the connection: the next one is asked for meanwhile."""
        expires_at = self._given.tokens.expires_at
        if expires_at is not None and self._given.now() >= expires_at - LATE:
            return Unreachable("the hour of Trafft's token is over; a new one is asked for", code="token_ran_out")
        return AuthExpired("Trafft no longer accepts this connection; connect Trafft again", code=code)


def id_of(row: Json) -> RemoteId:
    """The row's id; a placeholder where it has none, so that it is kept and shown as unreadable."""
    found = row.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return RemoteId(str(found)[:255])
    return RemoteId(found) if isinstance(found, str) and found else RemoteId("(no id)")


def single(body: Json) -> Json:
    """The object of an answer about one thing, which some readers show inside `data`."""
    inside = body.get("data")
    return inside if isinstance(inside, dict) and "id" not in body else body


def _listed(body: Json, path: str, page: int, limit: int) -> Listed:
    rows = body.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"Trafft's list of {path.strip('/')} is no list of objects", where="data")
    told = body.get("pagination")
    told = told if isinstance(told, dict) else {}
    # One reader of the API saw Laravel's names (current_page, last_page, per_page) in their place (2026-07).
    total = _count(told.get("total"))
    size = _count(told.get("limit")) or _count(told.get("per_page")) or limit
    pages = _count(told.get("pages", told.get("last_page")))
    if pages is None and total is not None:
        pages = -(-total // size)
    shown = _count(told.get("page", told.get("current_page")))
    if shown is not None and shown != page:
        if pages is None or page <= pages:
            raise Unreadable(f"asked for page {page}, Trafft gave page {shown}", where="pagination.page")
        rows = []  # behind the end some show the last page once more
    return Listed(rows, page, total, pages)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
