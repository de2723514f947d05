"""Invented figures for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.charts.base import hue
from bookingbridge.web.charts.stacked import Series, StackedBars
from bookingbridge.web.pages.attribution import view as v
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui import rows as r
from bookingbridge.web.ui import samples as shared

MODELS = (
    "First touch",
    "Last touch",
    "Last touch that is not direct",
    "Equal shares",
    "First and last most",
    "The later, the more",
)


def at(text: str) -> p.Stamp:
    return shared.at(text)


def tabs(current: str) -> tuple[p.Tab, ...]:
    pages = (("Campaigns", ""), ("Channels", "/channels"), ("Models", "/models"), ("Funnel", "/funnel"))
    return tuple(p.Tab(label, f"/attribution{path}", label == current) for label, path in pages)


def filters(path: str) -> v.Filters:
    def select(name: str, label: str, *words: str) -> p.Select:
        choices = tuple(p.Choice(str(i), word, is_chosen=i == 0) for i, word in enumerate(words))
        return p.Select(name, label, choices)

    return v.Filters(
        path,
        (
            select("period", "Period", "Last 90 days", "Last 30 days", "This year"),
            select("model", "Model", "First and last most", *MODELS[:4]),
            select("location", "Location", "All locations", "Ballard", "Fremont"),
        ),
        computed=at("2 min ago"),
        spend=at("9 h ago"),
    )


def _row(name: str, cause: r.Cause, money: tuple[str, str], back: r.Roas, evidence: str, sure: str) -> r.CampaignRow:
    spend, revenue = money
    return r.CampaignRow(
        name, cause, f"/attribution/campaigns/{len(name)}", spend, "58", "$71", "182", revenue, back, evidence, sure
    )


def _rows() -> tuple[r.CampaignRow, ...]:
    google, meta = (r.Cause(c, hue(c)) for c in ("Google Ads", "Meta Ads"))
    unknown = r.Cause("Unknown", "c0")
    return (
        _row(
            "Fall fade promo",
            google,
            ("$4,120", "$21,480"),
            r.roas("a1", 4.5, 5.2, 6.0, is_early=False),
            "click id",
            "94%",
        ),
        _row(
            "Reels, before and after",
            meta,
            ("$3,260", "$11,890"),
            r.roas("a2", 2.8, 3.6, 4.6, is_early=False),
            "click id and phone",
            "88%",
        ),
        _row(
            "Gift cards, first try",
            google,
            ("$120", "$140"),
            r.roas("a3", 0.1, 1.2, 6.8, is_early=True),
            "click id",
            "90%",
        ),
        r.CampaignRow("Unknown", unknown, "", "—", "70", "—", "203", "$13,640", r.NO_COST, "no touch seen", "—"),
    )


_TOTALS = r.CampaignTotals("$7,500", "244", "749", "$47,150")


def campaigns() -> v.CampaignsView:
    notice = p.Notice("Meta and Google change their figures afterwards", "Days marked as settling may still move.")
    return v.CampaignsView(
        tabs("Campaigns"), filters("/attribution"), _rows(), _TOTALS, "/attribution/campaigns.csv", (notice,)
    )


def campaigns_empty() -> v.CampaignsView:
    empty = p.Empty(
        "Nothing to share out yet",
        "Attribution starts with the first paid visit. Connect your booking system, then put the tracking script on"
        " your site, so that later visits tell where they came from.",
        "chart",
        (
            p.Action("Connect your booking system", "/connections/new", is_main=True),
            p.Action("Tracking script", "/settings/tracking"),
        ),
    )
    return v.CampaignsView(tabs("Campaigns"), filters("/attribution"), (), None, "", empty=empty)


def channels() -> v.ChannelsView:
    return v.ChannelsView(
        tabs("Channels"), filters("/attribution/channels"), shared.bars(), _rows(), _TOTALS, "/attribution/channels.csv"
    )


def models() -> v.ModelsView:
    explained = (
        v.ModelExplained("First touch", "All of it goes to the touch that came first."),
        v.ModelExplained("Last touch", "All of it goes to the touch just before the booking."),
        v.ModelExplained("Last touch that is not direct", "As above, but a direct visit only when nothing else was."),
        v.ModelExplained("Equal shares", "Every touch on the way gets the same."),
        v.ModelExplained("First and last most", "40 % each to the first and the last, 20 % to those between.", True),
        v.ModelExplained("The later, the more", "A touch 7 days earlier counts half as much."),
    )
    return v.ModelsView(
        tabs("Models"),
        filters("/attribution/models"),
        shared.models(),
        "/attribution/models.csv",
        explained,
        "Every model shares out the same $86,420.00 of paid visits.",
        "They differ most on Brand search: from $4,120.00 to $16,550.00. People see a reel first and search later.",
    )


def funnel() -> v.FunnelView:
    steps = (
        v.FunnelStep("First touch", "1,480", "—", "100%"),
        v.FunnelStep("Booked", "995", "67%", "67%"),
        v.FunnelStep("Came and paid", "905", "91%", "61%"),
    )
    return v.FunnelView(
        tabs("Funnel"), filters("/attribution/funnel"), shared.journey(), "/attribution/funnel.csv", steps
    )


def campaign() -> v.CampaignView:
    weeks = ("Sep 28", "Oct 5", "Oct 12", "Oct 19", "Oct 26")
    chart = StackedBars(
        "campaign",
        "Revenue and spend of Fall fade promo",
        weeks,
        (Series("Fall fade promo", "c1", (182000, 240100, 198000, -12000, 221900)),),
        "USD",
        (61000, 62000, 60500, 20000, 63000),
        open_bucket=True,
    )
    facts = (
        p.Fact("Spend", "$4,120"),
        p.Fact("Revenue", "$21,480", "under First and last most"),
        p.Fact("ROAS", "5.2×", "likely 4.5 to 6.0×"),
        p.Fact("New clients", "58", "$71 each"),
        p.Fact("Clicks", "3,910", "from 88,200 views"),
    )
    visits = (
        v.CreditedVisit(
            "Ana Lima",
            "Skin fade with Marcus",
            at("Today 10:12"),
            "$64.00",
            "$25.60",
            "click id",
            "/attribution/bookings/1",
        ),
        v.CreditedVisit(
            "Jo Park",
            "Cut with Lee",
            at("Yesterday 18:40"),
            "$45.00",
            "$45.00",
            "same e-mail",
            "/attribution/bookings/2",
        ),
    )
    return v.CampaignView(
        "Fall fade promo",
        r.Cause("Google Ads", "c1"),
        filters("/attribution/campaigns/1"),
        facts,
        chart,
        "/attribution/campaigns/1.csv",
        visits,
        "The 2 latest of 182",
    )


def _touch(title: str, when: str, channel: str, name: str, gap: str, *lines: str) -> r.TrailEntry:
    return r.TrailEntry("touch", title, at(when), lines, gap, cause=r.Cause(channel, hue(channel), name))


def journey() -> v.JourneyView:
    trail = (
        _touch(
            "Clicked an ad",
            "Wed Oct 21, 21:04",
            "Meta Ads",
            "Reels, before and after",
            "7 days before the booking",
            "Landed on example.com/fades",
            "fbclid IwAR…x91c",
        ),
        _touch(
            "Clicked an ad",
            "Tue Oct 27, 12:31",
            "Google Ads",
            "Fall fade promo",
            "22 hours before the booking",
            "Landed on example.com/book",
            "gclid Cj0KC…wE4",
        ),
        _touch(
            "Came directly",
            "Wed Oct 28, 10:09",
            "Direct",
            "",
            "3 minutes before the booking",
            "Landed on example.com/book",
        ),
        r.TrailEntry(
            "booking",
            "Booked a skin fade with Marcus",
            at("Wed Oct 28, 10:12"),
            ("At Ballard, for Mon Nov 2",),
            tag=p.Tag("Completed", "good"),
        ),
        r.TrailEntry(
            "payment", "Paid by card", at("Mon Nov 2, 14:02"), ("Tip of $12.00 not counted",), amount="$72.00"
        ),
        r.TrailEntry("refund", "Refunded", at("Mon Nov 2, 14:20"), ("Coupon forgotten at the desk",), amount="−$8.00"),
    )
    none = "—"
    credit = v.CreditTable(
        MODELS,
        (
            v.CreditRow(
                r.Cause("Meta Ads", "c2", "Reels, before and after"),
                at("Oct 21, 21:04"),
                ("$64.00", none, none, "$21.34", "$25.60", "$15.41"),
            ),
            v.CreditRow(
                r.Cause("Google Ads", "c1", "Fall fade promo"),
                at("Oct 27, 12:31"),
                (none, none, "$64.00", "$21.33", "$12.80", "$24.88"),
            ),
            v.CreditRow(
                r.Cause("Direct", "c0"), at("Oct 28, 10:09"), (none, "$64.00", none, "$21.33", "$25.60", "$23.71")
            ),
        ),
        ("$64.00",) * 6,
    )
    links = (
        shared.evidence(),
        r.EvidenceLink(
            "12",
            "Both clicks are one browser",
            "Same visitor id, with consent",
            ("The visitor id first seen on Oct 21 came back on Oct 27.",),
            at("Oct 27, 12:31"),
            p.Tag("Certain", "good"),
        ),
        r.EvidenceLink(
            "13",
            "The payment settles this booking",
            "Same client, same day",
            ("Square names client Ana Lima on both.", "Paid 2 minutes after the visit ended."),
            at("Nov 2, 14:03"),
            p.Tag("Likely", "info"),
            True,
            "Undone by Dana Kowalski, 5 min ago",
        ),
    )
    facts = (
        p.Fact("Client", "Ana Lima", "third visit", "/customers/1"),
        p.Fact("Service", "Skin fade", "$72.00"),
        p.Fact("When", "Mon Nov 2, 13:30"),
        p.Fact("Where", "Ballard"),
        p.Fact("Revenue", "$64.00", "net of refunds"),
        p.Fact("Source", "Square", "booking 8xk2…", "/sync/events/4410"),
    )
    return v.JourneyView(
        "Ana Lima, skin fade",
        p.Tag("Paid", "good"),
        facts,
        trail,
        credit,
        links,
        "/attribution/bookings/1",
        outside="1 earlier touch lies outside the 30-day window and gets no share.",
    )


def journey_unknown() -> v.JourneyView:
    trail = (
        r.TrailEntry("booking", "Booked a cut with Lee", at("Mon Nov 2, 10:02"), ("By phone",)),
        r.TrailEntry("payment", "Paid in cash", at("Mon Nov 2, 10:40"), amount="$45.00"),
    )
    notice = p.Notice(
        "We do not know what brought this visit",
        "No click, call or answer leads to it. It counts as unknown and is not spread over other channels. Ask at the"
        " desk: write the answer into the booking's “how did you hear” field and it is shared out at once.",
    )
    facts = (p.Fact("Client", "Walk-in"), p.Fact("Revenue", "$45.00"))
    return v.JourneyView(
        "Walk-in, cut", p.Tag("Paid", "good"), facts, trail, None, (), "/attribution/bookings/2", notice
    )


def open_payments() -> v.PaymentsView:
    rows = (
        v.OpenPayment(
            "Jo Park", "/customers/7", at("Today 12:10"), "$18.00", "Card", "The client had no visit near that day."
        ),
        v.OpenPayment(
            "No client named",
            "",
            at("Yesterday 17:32"),
            "$45.00",
            "Cash",
            "The payment names neither a client nor a visit.",
        ),
    )
    summary = "2 payments of the last 90 days, $63.00 in all"
    return v.PaymentsView(rows, summary, "/attribution/payments.csv", "/attribution")


def open_payments_none() -> v.PaymentsView:
    empty = p.Empty("Every payment belongs to a visit", "All of the last 90 days were settled.", "check")
    return v.PaymentsView((), "", "", "/attribution", empty)
