"""Long lists in pages: `limit` and an opaque `cursor` in, `{"items": [...], "next": cursor or null}` out.

A cursor is where the page before ended: the sort key of its last row. Nothing is skipped or repeated when rows come and
go meanwhile, and page 1,000 costs what page 1 does. It grants nothing, so it is not signed; a damaged one is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Query
from pydantic import Field

from bookingbridge.api.models import Shown
from bookingbridge.canonical.errors import Refused

T = TypeVar("T")

LIMIT = 50
MOST = 200


class Page(Shown, Generic[T]):
    """Some of a list. Ask again with `cursor` set to `next`; null says that this was the end."""

    items: list[T]
    next: Annotated[str | None, Field(examples=["WyIyMDI2LTAzLTAxIiwgNDJd"])]


@dataclass(frozen=True, slots=True)
class Paging:
    """What part of a list is asked for."""

    limit: int
    cursor: str | None

    def after(self, *types: type[Any]) -> tuple[Any, ...] | None:
        """The sort key after which the page begins, as values of `types`; None for the first page.

        Raises Refused (code "invalid_cursor") for a cursor that is not one of this list.
        """
        return decode(self.cursor, *types) if self.cursor is not None else None

    def of(self, rows: Sequence[T], key: Callable[[T], Sequence[Any]]) -> Page[T]:
        """The page from `limit + 1` rows asked for: the one too many says that there is more."""
        items = list(rows[: self.limit])
        return Page(items=items, next=encode(*key(items[-1])) if len(rows) > self.limit else None)

    def through(self, rows: Sequence[T], key: Callable[[T], Sequence[Any]], *types: type[Any]) -> Page[T]:
        """The page of a short list that is at hand as a whole, in its order. Raises Refused (code "invalid_cursor")."""
        after = self.after(*types)
        keys = [tuple(key(row)) for row in rows]
        if after is not None and after not in keys:
            raise Refused("The list has changed under this cursor. Begin again without it.", code="invalid_cursor")
        start = 0 if after is None else keys.index(after) + 1
        return self.of(rows[start : start + self.ask], key)

    @property
    def ask(self) -> int:
        """How many rows to ask the store for: one more than the page holds."""
        return self.limit + 1


def paging() -> Any:
    """The parameters `limit` and `cursor` of an operation, as a `Paging`."""
    return Depends(_paging)


def _paging(
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many items at most.")] = LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=1000, description="The `next` of the page before.", pattern="^[A-Za-z0-9_-]+$")
    ] = None,
) -> Paging:
    return Paging(limit, cursor)


def encode(*key: Any) -> str:
    """The cursor for a sort key of texts, numbers, booleans, times, dates and ids."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode(cursor: str, *types: type[Any]) -> tuple[Any, ...]:
    """The sort key again, each value of its type. Raises Refused (code "invalid_cursor")."""
    shape: Any = tuple[types]  # type: ignore[valid-type]
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values: tuple[Any, ...] = msgspec.json.decode(packed, type=shape)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, ValueError, OverflowError) as broken:
        raise Refused("This cursor is not one of this list. Begin again without it.", code="invalid_cursor") from broken
    if any(isinstance(value, str) and "\x00" in value for value in values):
        raise Refused("This cursor is not one of this list. Begin again without it.", code="invalid_cursor")
    return values
