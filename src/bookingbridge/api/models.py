"""Shapes that cross the border to programs: strict where we are given something, plain where we show something."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money, digits
from bookingbridge.canonical.times import rfc3339, zone


class Given(BaseModel):
    """A body somebody sends: each value of its own type, nothing that is not named here."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Shown(BaseModel):
    """Something we answer with."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _uuid(value: Any) -> Any:
    # A strict model takes no text for an id, and JSON has only texts.
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else value


def _whole(value: Any) -> Any:
    # JSON does not tell 30 from 30.0, and its schemas call both an integer.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _instant(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("a time is a text such as 2026-03-01T09:00:00Z")
    try:
        return rfc3339(value)
    except Unreadable as wrong:
        raise ValueError(wrong.why) from wrong


Id = Annotated[UUID, BeforeValidator(_uuid)]
"""An id of ours, in the five-group form."""

WHOLE = BeforeValidator(_whole)
"""For a whole number: `Annotated[int, Field(ge=1), WHOLE]`. It stands last, or the description loses the bounds."""

Instant = Annotated[datetime, BeforeValidator(_instant)]
"""A moment with its offset from UTC (RFC 3339), from 1990 to 2100."""

# No control characters (the database takes no NUL) and nothing that turns the direction of writing.
_BARRED = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"

Text = Annotated[str, StringConstraints(pattern=f"^[^{_BARRED}]*$", max_length=1000)]
"""One line, perhaps empty."""

Name = Annotated[
    str, StringConstraints(pattern=rf"^[^{_BARRED}]*[^\s{_BARRED}][^{_BARRED}]*$", min_length=1, max_length=120)
]
"""What something is called: one line that is not blank."""


def _zone(value: str) -> str:
    try:
        return zone(value).key
    except Unreadable as wrong:
        raise ValueError(wrong.why) from wrong


TimeZone = Annotated[
    str, Field(max_length=64, json_schema_extra={"format": "iana-time-zone"}), AfterValidator(_zone)
]  # fmt: skip
"""A zone's name, such as America/New_York."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""


class Amount(Shown):
    """Money. `amount` is a decimal text in major units; `minor` the same in minor units, exact for computing."""

    amount: str = Field(examples=["125.00"])
    minor: int = Field(examples=[12500])
    currency: Currency = Field(examples=["USD"])

    @classmethod
    def of(cls, money: Money) -> Amount:
        places = digits(money.currency)
        return cls(amount=f"{money.decimal():.{places}f}", minor=money.minor, currency=money.currency)
