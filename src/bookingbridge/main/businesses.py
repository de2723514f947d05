"""Which business a command means."""

from __future__ import annotations

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.db import Database


async def the_business(db: Database, named: str | None) -> accounts.Business:
    """The business of that name or id; the only one where none is named. NotFound, or Refused where it is not clear."""
    every = await accounts.every_business(db)
    if named is None:
        if len(every) == 1:
            return every[0]
        if not every:
            raise NotFound("there is no business yet: sign up with `bookingbridge serve`, or import a file")
        names = ", ".join(b.name for b in every)
        raise Refused(f"say which business with --business; there are {names}")
    found = [b for b in every if named.casefold() in (b.name.casefold(), str(b.id))]
    if len(found) != 1:
        raise NotFound(f"there is no business called {named!r}" if not found else f"several are called {named!r}")
    return found[0]
