"""Rows of ad spend: campaigns and their days. Rows of one campaign and day are added up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import AdDay, Campaign
from bookingbridge.vendors.files import cells, words
from bookingbridge.vendors.files.collected import Collected
from bookingbridge.vendors.files.sheet import Sheet, SheetRow
from bookingbridge.vendors.files.vocabulary import plain, plain_heading

_TOTALS = ("total", "totals", "gesamt", "suma", "razem", "разом", "усього", "totale", "summe")


@dataclass(slots=True)
class _Line:
    """One row's figures, on the way to a sum."""

    day: date
    campaign: RemoteId
    currency: str
    spend_micros: int
    clicks: int
    impressions: int


class AdRows:
    """The reader of one file's rows; knows the channel of rows that name no platform, and rows seen before."""

    def __init__(self, sheet: Sheet) -> None:
        self._channel = sheet.options.channel or _told_by_headings(sheet)
        self._seen: dict[tuple[object, ...], int] = {}
        self._days: dict[RemoteId, AdDay] = {}

    def read(self, row: SheetRow, into: Collected) -> None:
        """The row's campaign and day are collected, or its problems noted; sums over rows are left out."""
        if _is_total(row):
            row.problems.clear()
            row.note("rows with totals were left out")
            return
        line = self._line(row, into)
        if line is None or row.problems:
            return
        content = tuple(cells.text(cell) for cell in row.values)
        is_anything = line.spend_micros or line.clicks or line.impressions
        if is_anything and (first := self._seen.setdefault(content, row.line)) != row.line:
            row.problem("spend", f"the row is the same as line {first}; adding it up would count it twice")
            return
        into.put(self._added(row, line))

    def _line(self, row: SheetRow, into: Collected) -> _Line | None:
        day, last = row.day("day"), row.day("day_end")
        if day is None and row.cell("day") is None:
            row.problem("day", "nothing says which day it is")
        if day is not None and last is not None and last != day:
            row.problem("day_end", "the row covers more than one day; export the report broken down by day")
        name, number = row.text("campaign"), row.text("campaign_id", longest=200)
        if name is None and number is None:
            row.problem("campaign", "nothing says which campaign it is")
        spend, currency = row.micros("spend"), row.code("spend")
        clicks, impressions = row.count("clicks") or 0, row.count("impressions") or 0
        if spend < 0:
            row.problem("spend", "what a campaign cost is not negative")
        if row.problems or day is None:
            return None
        campaign = self._campaign(row, into, number, name or f"Campaign {number}", currency)
        return _Line(day, campaign, currency, spend, clicks, impressions)

    def _campaign(self, row: SheetRow, into: Collected, number: str | None, name: str, currency: str) -> RemoteId:
        platform = row.text("platform")
        channel = words.channel(platform) if platform else self._channel
        if channel is None:
            row.note("no column says on which platform it ran; it counts as other ads (or give the option channel)")
            channel = "paid_other"
        status = row.text("campaign_status")
        return into.part(
            Campaign(
                remote_id=RemoteId(number or f"name:{channel}:{plain(name) or name}"),
                version=None,
                changed_at=None,
                name=name,
                channel=channel,
                status=words.campaign_status(status) if status else "unknown",
                currency=currency,
            )
        )

    def _added(self, row: SheetRow, line: _Line) -> AdDay:
        """The day with this row's figures added to those of rows before it."""
        remote_id = RemoteId(f"{line.campaign}:{line.day.isoformat()}")
        before = self._days.get(remote_id)
        if before is not None and before.currency != line.currency:
            row.problem("spend", f"another row of this campaign and day is in {before.currency}")
            return before
        if before is not None:
            row.note("rows of one campaign and day were added up")
        self._days[remote_id] = day = AdDay(
            remote_id=remote_id,
            version=None,
            changed_at=None,
            campaign=line.campaign,
            day=line.day,
            spend_micros=line.spend_micros + (before.spend_micros if before else 0),
            currency=line.currency,
            clicks=line.clicks + (before.clicks if before else 0),
            impressions=line.impressions + (before.impressions if before else 0),
            is_settling=False,
        )
        return day


def _is_total(row: SheetRow) -> bool:
    """Whether the row sums others up: no day, and no campaign or a cell that begins with the word total."""
    if row.cell("day") is not None and not _says_total(row.text("day")):
        return False
    if row.cell("campaign") is None and row.cell("campaign_id") is None:
        return True
    return any(_says_total(cells.text(cell)) for cell in row.values)


def _says_total(text: str | None) -> bool:
    return bool(text) and plain((text or "")[:40]).split(" ")[0] in _TOTALS


def _told_by_headings(sheet: Sheet) -> str | None:
    """The platform whose way of naming columns this is, or that the file's name names; None where neither tells."""
    headings = {plain_heading(column) for column in sheet.table.columns}
    spent = any(heading.startswith("amount spent") for heading in headings)
    if spent and headings & {"reporting starts", "reporting ends", "campaign delivery", "ad set name"}:
        return "meta_ads"  # as Meta Ads Manager exports
    if "campaign" in headings and headings & {"impr", "avg cpc", "currency code", "campaign type", "campaign state"}:
        return "google_ads"  # as Google Ads exports
    channel = words.channel(plain(sheet.table.name))
    return None if channel == "paid_other" else channel
