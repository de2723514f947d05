"""What the person says about a file beside its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.vendors.files import amounts
from bookingbridge.vendors.files.dates import DateOrder
from bookingbridge.vendors.files.table import Limits, Reading
from bookingbridge.vendors.files.words import CHANNELS


@dataclass(frozen=True, slots=True)
class Options:
    """How to understand cells that do not say it themselves.

    `time_zone` is what clocks showed in the shop; `currency` counts where no column and no heading names one; `region`
    (ISO 3166) is where phone numbers without a country code are. `dates` and `decimal` (`.` or `,`) are read off the
    file where it shows them. `visit_minutes` is the length of a visit without an end. `channel` is what spend is booked
    to where no column names a platform. `window` is the first and last day within which repeating events are read.
    """

    time_zone: ZoneInfo
    currency: str
    region: str = "US"
    dates: DateOrder | None = None
    decimal: str | None = None
    visit_minutes: int = 60
    channel: str | None = None
    skip_bad_rows: bool = False
    encoding: str | None = None
    sheet: str | None = None
    window: tuple[date, date] | None = None
    limits: Limits = field(default_factory=Limits)

    def reading(self) -> Reading:
        """The part of it that reading the table needs."""
        return Reading(self.encoding, self.sheet, self.time_zone, self.window, self.limits)


def with_texts(options: Options, given: Mapping[str, str]) -> Options:
    """The options with those changed that a mapping file or command line gives as texts. Refused with the reason."""
    for name, text in given.items():
        try:
            options = _changed(options, name, text.strip())
        except (Unreadable, ValueError) as broken:
            why = broken.why if isinstance(broken, Unreadable) else f"{text[:40]!r} is not one"
            raise Refused(f"option {name}: {why}") from broken
    return options


def _changed(options: Options, name: str, text: str) -> Options:
    match name:
        case "time_zone":
            return replace(options, time_zone=times.zone(text))
        case "currency":
            return replace(options, currency=amounts.currency(text))
        case "region" if len(text) == 2 and text.isascii() and text.isalpha():
            return replace(options, region=text.upper())
        case "dates":
            return replace(options, dates=DateOrder(text.lower()))
        case "decimal" if text in (".", ","):
            return replace(options, decimal=text)
        case "visit_minutes" if text.isascii() and text.isdecimal() and 1 <= int(text[:5]) <= 1440:
            return replace(options, visit_minutes=int(text))
        case "channel" if text in CHANNELS:
            return replace(options, channel=text)
        case "channel":
            raise Unreadable(f"known are {', '.join(sorted(CHANNELS))}")
        case "encoding":
            return replace(options, encoding=text)
        case "sheet":
            return replace(options, sheet=text)
        case "window":
            first, _, last = text.partition("..")
            window = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
            if window[0] > window[1]:
                raise Unreadable("the last day is before the first")
            return replace(options, window=window)
        case "region" | "decimal" | "visit_minutes":
            raise Unreadable(f"{text[:40]!r} is not one")
        case _:
            raise Unreadable("there is no such option")
