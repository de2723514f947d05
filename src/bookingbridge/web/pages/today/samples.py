"""Invented figures for the gallery and the tests: a busy barber shop, and one that has just been set up."""

from __future__ import annotations

from bookingbridge.web.charts.base import hue
from bookingbridge.web.charts.spark import Sparkline
from bookingbridge.web.charts.stacked import Series, StackedBars
from bookingbridge.web.pages.today.view import Kpi, Need, SourceMark, TodayView, VisitRow
from bookingbridge.web.ui.parts import Action, Choice, Empty, Health, Select, Stamp, Tag, Trend
from bookingbridge.web.ui.rows import NO_COST, CampaignRow, CampaignTotals, Cause, roas


def at(text: str, *, is_stale: bool = False) -> Stamp:
    return Stamp(text, "2026-11-02T14:20:00-08:00", "Mon Nov 2, 2026, 14:20:00 PST", is_stale)


SELECTS = (
    Select(
        "period",
        "Period",
        (
            Choice("30d", "Last 30 days"),
            Choice("90d", "Last 90 days", is_chosen=True),
            Choice("year", "This year"),
        ),
    ),
    Select(
        "model",
        "Attribution model",
        (
            Choice("position", "First and last most", is_chosen=True),
            Choice("last", "Last touch"),
        ),
    ),
)

_WEEKS = (
    "Aug 10",
    "Aug 17",
    "Aug 24",
    "Aug 31",
    "Sep 7",
    "Sep 14",
    "Sep 21",
    "Sep 28",
    "Oct 5",
    "Oct 12",
    "Oct 19",
    "Oct 26",
)
_COURSES = {
    "Google Ads": (182, 186, 205, 192, 210, 214, 209, 232, 221, 236, 238, 241),
    "Meta Ads": (147, 161, 152, 158, 181, 194, 179, 180, 201, 186, 202, 189),
    "Google organic": (121, 118, 132, 126, 130, 138, 133, 149, 136, 151, 140, 147),
    "Referral": (93, 88, 99, 96, 92, 99, 104, 97, 108, 100, 117, 122),
    "Unknown": (124, 131, 116, 123, 119, 108, 121, 116, 99, 104, 98, 93),
}
_SPEND = (106, 101, 104, 109, 108, 110, 108, 116, 118, 111, 109, 117)
_AGAINST = "against the 90 days before"


def revenue() -> StackedBars:
    series = tuple(Series(name, hue(name), tuple(v * 1000 for v in values)) for name, values in _COURSES.items())
    spend = tuple(v * 1000 for v in _SPEND)
    return StackedBars(
        "revenue", "Revenue per week by what brought the client", _WEEKS, series, "USD", spend, open_bucket=True
    )


def _line(*values: float) -> Sparkline:
    return Sparkline(values)


def kpis() -> tuple[Kpi, ...]:
    ads = "Google, Meta"
    return (
        Kpi(
            "Revenue, paid visits",
            "$86,420",
            "85% matched",
            "Square",
            at("2 min ago"),
            Trend("+12.4%", "good", _AGAINST),
            _line(667, 684, 704, 695, 732, 753, 746, 774, 765, 777, 795, 792),
        ),
        Kpi(
            "Ad spend",
            "$13,180",
            "$16.80 per booking",
            ads,
            at("9 h ago", is_stale=True),
            Trend("+3.1%", "flat", _AGAINST),
            _line(*_SPEND),
        ),
        Kpi(
            "ROAS",
            "3.9×",
            "likely 3.4 to 4.5×",
            ads,
            at("9 h ago", is_stale=True),
            Trend("+0.4", "good", _AGAINST),
            _line(3.1, 3.0, 3.2, 3.3, 3.2, 3.5, 3.4, 3.6, 3.7, 3.6, 3.8, 3.9),
            href="/attribution",
        ),
        Kpi(
            "Bookings",
            "1,284",
            "312 new · 972 returning",
            "Square",
            at("2 min ago"),
            Trend("+8.0%", "good", _AGAINST),
            _line(92, 95, 99, 97, 101, 104, 108, 106, 111, 115, 118, 121),
        ),
        Kpi(
            "No-shows",
            "4.2%",
            "54 of 1,284 bookings",
            "Square",
            at("2 min ago"),
            Trend("−1.1 pts", "good", _AGAINST),
            _line(6, 5.8, 5.6, 5.7, 5.2, 5.1, 4.9, 5.0, 4.6, 4.5, 4.3, 4.2),
        ),
        Kpi(
            "Average ticket",
            "$67.31",
            "no tips, net of refunds",
            "Square",
            at("2 min ago"),
            Trend("−0.8%", "bad", _AGAINST),
            _line(70, 69, 69.5, 68, 68.4, 68, 67.5, 68, 67.6, 67.2, 67.4, 67.3),
        ),
    )


def campaigns() -> tuple[CampaignRow, ...]:
    def row(
        key: int,
        name: str,
        channel: str,
        figures: tuple[str, str, str, str, str],
        ratio: tuple[float, float, float],
        evidence: str,
        sure: str,
        *,
        is_early: bool = False,
        is_settling: bool = False,
    ) -> CampaignRow:
        spend, new, cost, bookings, money = figures
        back = roas(f"r{key}", *ratio, is_early=is_early) if ratio[1] else NO_COST
        cause = Cause(channel, hue(channel))
        href = f"/attribution/campaigns/{key}"
        return CampaignRow(name, cause, href, spend, new, cost, bookings, money, back, evidence, sure, is_settling)

    return (
        row(
            1,
            "Fall fade promo",
            "Google Ads",
            ("$4,120", "58", "$71", "182", "$21,480"),
            (4.5, 5.2, 6.0),
            "click id",
            "94%",
        ),
        row(
            2,
            "Brand search",
            "Google Ads",
            ("$1,310", "31", "$42", "96", "$10,240"),
            (6.4, 7.8, 9.4),
            "click id",
            "97%",
        ),
        row(
            3,
            "Reels, before and after",
            "Meta Ads",
            ("$3,260", "47", "$69", "121", "$11,890"),
            (2.8, 3.6, 4.6),
            "click id and phone",
            "88%",
            is_settling=True,
        ),
        row(
            4,
            "Retargeting 30 days",
            "Meta Ads",
            ("$1,980", "9", "$220", "74", "$5,010"),
            (0.8, 2.5, 3.7),
            "click id",
            "86%",
            is_settling=True,
        ),
        row(
            5,
            "Lookalike 1%",
            "Meta Ads",
            ("$1,240", "6", "$207", "11", "$620"),
            (0.2, 0.5, 0.9),
            "mixed",
            "71%",
            is_settling=True,
        ),
        row(
            6,
            "Gift cards, first try",
            "Google Ads",
            ("$120", "1", "$120", "2", "$140"),
            (0.1, 1.2, 6.8),
            "click id",
            "90%",
            is_early=True,
        ),
        row(
            7,
            "Google Business profile",
            "Google organic",
            ("—", "96", "—", "288", "$18,220"),
            (0, 0, 0),
            "tagged link",
            "81%",
        ),
        row(8, "Word of mouth", "Referral", ("—", "51", "—", "147", "$11,480"), (0, 0, 0), "asked at the desk", "64%"),
    )


def needs() -> tuple[Need, ...]:
    return (
        Need(
            Tag("Connection", "bad"),
            "Meta Ads signs out in 5 days",
            "Reconnect now and nothing is lost.",
            "/connections/2",
        ),
        Need(
            Tag("Sync", "warn"),
            "3 deliveries could not be read",
            "Kept as they came. Look, then replay.",
            "/sync/events?state=unreadable",
        ),
        Need(
            Tag("Match", "info"),
            "2 visits fit two people each",
            "Same phone number, different names.",
            "/customers?show=unsure",
        ),
        Need(
            Tag("Set-up", "flat"),
            "Tracking script not seen since Friday",
            "Was the booking page changed?",
            "/settings/tracking",
        ),
    )


def visits() -> tuple[VisitRow, ...]:
    def row(
        key: int, client: str, what: str, when: str, status: Tag, paid: str, channel: str, campaign: str, how: str
    ) -> VisitRow:
        cause = Cause(channel, hue(channel), campaign)
        return VisitRow(client, what, at(when), status, paid, cause, how, f"/attribution/bookings/{key}")

    paid = Tag("Paid", "good")
    return (
        row(
            1,
            "Ana Lima",
            "Skin fade with Marcus",
            "Today 13:30",
            paid,
            "$64.00",
            "Google Ads",
            "Fall fade promo",
            "click id in the booking",
        ),
        row(
            2,
            "Tom Okafor",
            "Beard trim with Dana",
            "Today 12:45",
            paid,
            "$38.00",
            "Meta Ads",
            "Reels, before and after",
            "same phone number",
        ),
        row(
            3,
            "Priya Nair",
            "Cut and style with Lee",
            "Today 12:00",
            Tag("No-show", "bad"),
            "—",
            "Google organic",
            "",
            "tagged link",
        ),
        row(
            4,
            "Sam Whitfield",
            "Skin fade with Marcus",
            "Today 11:15",
            Tag("Refunded", "warn"),
            "$0.00",
            "Referral",
            "",
            "asked at the desk",
        ),
        row(5, "Walk-in", "Cut with Lee", "Today 10:40", paid, "$45.00", "Unknown", "", "no touch seen"),
    )


def sources() -> tuple[SourceMark, ...]:
    return (
        SourceMark("Square", Health("good", "live, 2 min ago"), "/connections/1"),
        SourceMark("Google Ads", Health("good", "06:10 today"), "/connections/3"),
        SourceMark("Meta Ads", Health("warn", "signs out in 5 days"), "/connections/2"),
        SourceMark("Website script", Health("bad", "silent since Friday"), "/settings/tracking"),
    )


def busy() -> TodayView:
    return TodayView(
        SELECTS,
        "/today?period=90d&model=position",
        needs(),
        kpis(),
        revenue(),
        "/today/revenue.csv?period=90d",
        campaigns(),
        CampaignTotals("$12,030", "299", "921", "$79,080"),
        "/today/campaigns.csv?period=90d",
        visits(),
        sources(),
    )


def empty() -> TodayView:
    connect = "Connect Square to see it"
    start = Empty(
        "No paid visit yet",
        "Connect your booking system and the last two years are here in a few minutes.",
        "chart",
        (Action("Connect your booking system", "/connections/new", is_main=True), Action("Import a file", "/welcome")),
    )
    labels = ("Revenue, paid visits", "Ad spend", "ROAS", "Bookings", "No-shows", "Average ticket")
    blank = tuple(
        Kpi(label, "—", "", connect if "Ad" not in label else "Connect an ad account", None) for label in labels
    )
    return TodayView(SELECTS, "/today", (), blank, None, "", (), None, "", (), (), start)


SAMPLES = {"busy": busy, "empty": empty}
