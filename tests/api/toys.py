"""A router that misbehaves on demand: what operations may raise, answer, take and be slow at."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Response
from starlette.requests import Request

from bookingbridge.api.auth import Caller, needs, public
from bookingbridge.api.models import WHOLE, Given, Id, Instant, Name, Shown, Text
from bookingbridge.api.operations import operations
from bookingbridge.api.paging import Page, Paging, paging
from bookingbridge.canonical import errors
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.infra.limits import Pace

router = operations("/toys", "Toys", "For the tests of the frame.")
slow_router = operations("/rare", "Rare", "Asked three times a minute.", pace=Pace(3, timedelta(minutes=1)))

made: list[str] = []
"""What was made, by name: an operation's effect."""

ERRORS = {
    "refused": errors.Refused("Understood, and will not."),
    "forbidden": errors.Refused("Not yours.", code="forbidden"),
    "invalid": errors.Refused("Not a colour.", code="invalid_colour"),
    "absent": errors.NotFound("There is no such toy."),
    "ambiguous": errors.Ambiguous("No answer, and the effect is unknown."),
    "unreachable": errors.Unreachable("The vendor does not answer."),
    "throttled": errors.Throttled("The vendor is busy."),
    "expired": errors.AuthExpired("Reconnect Square."),
    "rejected": errors.Rejected("The vendor said no."),
    "unreadable": errors.Unreadable("Not a date", where="row 4"),
}


class ToyGiven(Given):
    name: Name
    note: Text | None = None
    owner: Id | None = None
    at: Instant | None = None
    size: Annotated[int, WHOLE] = 1


class ToyShown(Shown):
    name: str
    at: Instant | None = None


@router.get("", summary="List toys")
async def list_toys(page: Paging = paging(), who: Who = needs(Permission.SEE_SETTINGS)) -> Page[ToyShown]:
    """A list of a hundred and three."""
    after = page.after(str, int)
    first = 0 if after is None else after[1] + 1
    names = [(f"toy {i:03}", i) for i in range(first, 103)][: page.ask]
    shown = page.of(names, key=lambda row: row)
    return Page(items=[ToyShown(name=name) for name, _ in shown.items], next=shown.next)


@router.post("", summary="Make a toy", status_code=201)
async def make_toy(response: Response, given: ToyGiven, who: Who = needs(Permission.SEE_SETTINGS)) -> ToyShown:
    """Makes it, slowly."""
    await asyncio.sleep(0.15)
    if given.name == "impossible":
        raise errors.Refused("It cannot be made.")
    made.append(given.name)
    if given.name == "unknown":
        raise errors.Ambiguous("Perhaps it was made.")
    response.headers["location"] = f"/toys/{len(made)}"
    return ToyShown(name=given.name, at=given.at)


@router.get("/errors/{name}", summary="Fail in a known way")
async def fail(name: str, caller: Caller = public("it only fails")) -> None:
    """Raises the error of that name; an unforeseen one for any other."""
    raise ERRORS.get(name) or ZeroDivisionError("secret-in-a-message")


@router.get("/{toy_id}", summary="Get a toy")
async def get_toy(request: Request, toy_id: UUID, who: Who = needs(Permission.SEE_SETTINGS)) -> ToyShown:
    """A toy by its id."""
    return ToyShown(name=str(toy_id))


@slow_router.get("", summary="Ask rarely")
async def ask_rarely(who: Who = needs(Permission.SEE_SETTINGS)) -> ToyShown:
    """Three times a minute."""
    return ToyShown(name="rare")
