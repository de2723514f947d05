"""Pages of a simulated Square for a merchant's clients: choose a service and a time, book, pay.

The booking page takes `service`, `name`, `email`, `phone` and `note` from its address to fill the form in, so that a
website may hand its visitor over with what it knows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_pages import field, page
from bookingbridge.vendors.square.simulator import bookings, customers, money
from bookingbridge.vendors.square.simulator.answers import stamp
from bookingbridge.vendors.square.simulator.state import Merchant

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

DAYS_OFFERED, OPENS, CLOSES = 5, 9, 18


def routes(square: SquareSimulation) -> list[BaseRoute]:
    shop = _Shop(square)
    return [
        Route("/book/{merchant_id}", shop.choose),
        Route("/book/{merchant_id}", shop.book, methods=["POST"]),
        Route("/booked/{booking_id}", shop.booked),
        Route("/pay/{booking_id}", shop.offer_payment),
        Route("/pay/{booking_id}", shop.pay, methods=["POST"]),
    ]


class _Shop:
    def __init__(self, square: SquareSimulation) -> None:
        self._square = square

    async def choose(self, request: Request) -> Response:
        merchant = self._square.state.merchants.get(request.path_params["merchant_id"])
        if merchant is None:
            return _missing("There is no such business here.")
        return self._form(merchant, dict(request.query_params))

    def _form(self, merchant: Merchant, given: dict[str, str], problem: str = "") -> Response:
        services = "".join(
            f'<option value="{escape(v["id"])}"{_chosen(v["id"], given.get("service"))}>'
            f"{escape(name)}, {_minutes(v)} min, {_price(v)}</option>"
            for name, v in _services(merchant)
        )
        slots = "".join(
            f'<option value="{stamp(at)}"{_chosen(stamp(at), given.get("time"))}>'
            f"{at.astimezone(_zone(merchant)):%a %d %b, %H:%M}</option>"
            for at in self._slots(merchant)
        )
        complaint = f'<p class="error" role="alert">{escape(problem)}</p>' if problem else ""
        body = (
            f'{complaint}<form method="post"><label for="service">Service</label>'
            f'<select id="service" name="service">{services}</select>'
            f'<label for="time">Time</label><select id="time" name="time">{slots}</select>'
            + field("name", "Name", value=given.get("name", ""), autocomplete="name")
            + field("email", "E-mail", kind="email", value=given.get("email", ""), autocomplete="email")
            + field("phone", "Phone", kind="tel", value=given.get("phone", ""), autocomplete="tel")
            + field("note", "Note", value=given.get("note", ""), required=False)
            + '<div class="acts"><button class="main">Book</button></div></form>'
        )
        title = f"Book at {merchant.about['business_name']}"
        return page(vendor="Square", title=title, body=body, status=422 if problem else 200)

    async def book(self, request: Request) -> Response:
        merchant = self._square.state.merchants.get(request.path_params["merchant_id"])
        if merchant is None:
            return _missing("There is no such business here.")
        given = await _form_of(request)
        variation = merchant.variation(given.get("service", ""))
        try:
            at = times.rfc3339(given.get("time", ""))
        except Unreadable:
            return self._form(merchant, given, "Please choose a time.")
        if variation is None or not given.get("name") or "@" not in given.get("email", ""):
            return self._form(merchant, given, "Please choose a service and give your name and e-mail.")
        taken = bookings.busy(merchant, at, at + timedelta(days=1))
        free = _who_is_free(merchant, taken, at, _minutes(variation))
        if free is None:
            return self._form(merchant, given, "That time has just been taken. Please choose another.")
        segment = {
            "duration_minutes": _minutes(variation),
            "service_variation_id": variation["id"],
            "service_variation_version": variation["version"],
            "team_member_id": free,
            "any_team_member": True,
        }
        made = bookings.make(
            self._square, merchant,
            {
                "start_at": stamp(at), "location_id": merchant.main_location, "customer_note": given.get("note", ""),
                "customer_id": self._customer(merchant, given)["id"], "appointment_segments": [segment],
            },
            source="FIRST_PARTY_BUYER",
        )  # fmt: skip
        return RedirectResponse(f"{_root(request)}/booked/{made['id']}", status_code=303)

    async def booked(self, request: Request) -> Response:
        found = self._found(request)
        if found is None:
            return _missing("There is no such booking.")
        merchant, booking = found
        title = "You are booked" if booking["status"] in bookings.OPEN else "This booking is cancelled"
        pay = f'<a class="button main" href="{escape(_root(request))}/pay/{escape(booking["id"])}">Pay now</a>'
        body = self._summary(merchant, booking) + f'<div class="acts">{pay}</div>'
        return page(vendor="Square", title=title, body=body)

    async def offer_payment(self, request: Request) -> Response:
        found = self._found(request)
        if found is None:
            return _missing("There is no such booking.")
        merchant, booking = found
        if self._payment_of(merchant, booking) is not None:
            return page(vendor="Square", title="Paid, thank you", body=self._summary(merchant, booking))
        tips = "".join(f'<option value="{n}">{n or "No"}{" %" if n else ""} tip</option>' for n in (0, 15, 20))
        body = (
            self._summary(merchant, booking) + '<form method="post"><label for="tip">Tip</label>'
            f'<select id="tip" name="tip">{tips}</select>'
            '<p class="soft">A test card is used. No card number is asked for.</p>'
            '<div class="acts"><button class="main">Pay</button></div></form>'
        )
        return page(vendor="Square", title="Pay for your appointment", body=body)

    async def pay(self, request: Request) -> Response:
        """The price is paid once; the payment's reference names the booking, as a booking site's own checkout does."""
        found = self._found(request)
        if found is None:
            return _missing("There is no such booking.")
        merchant, booking = found
        if self._payment_of(merchant, booking) is None:
            given = await _form_of(request)
            percent = int(given["tip"]) if given.get("tip") in ("15", "20") else 0
            amount = self._amount(merchant, booking)
            row = money.payment(
                merchant, at=stamp(self._square.now()), location_id=booking["location_id"], amount=amount,
                tip=amount * percent // 100, customer_id=booking["customer_id"], reference_id=booking["id"],
            )  # fmt: skip
            money.take(self._square, merchant, row)
        return RedirectResponse(f"{_root(request)}/pay/{booking['id']}", status_code=303)

    def _found(self, request: Request) -> tuple[Merchant, Json] | None:
        booking_id = request.path_params["booking_id"]
        merchant = self._square.state.holder("booking", booking_id)
        return (merchant, merchant.table("booking").rows[booking_id]) if merchant else None

    def _payment_of(self, merchant: Merchant, booking: Json) -> Json | None:
        rows = merchant.table("payment").rows.values()
        return next((row for row in rows if row.get("reference_id") == booking["id"]), None)

    def _amount(self, merchant: Merchant, booking: Json) -> int:
        found = (merchant.variation(s["service_variation_id"]) for s in booking["appointment_segments"])
        return sum(v["item_variation_data"].get("price_money", {}).get("amount", 0) for v in found if v)

    def _summary(self, merchant: Merchant, booking: Json) -> str:
        at = times.rfc3339(booking["start_at"]).astimezone(_zone(merchant))
        booked = booking["appointment_segments"][0]["service_variation_id"]
        what = next((name for name, variation in _services(merchant) if variation["id"] == booked), "Appointment")
        amount = self._amount(merchant, booking)
        return (
            f"<dl><dt>Where</dt><dd>{escape(str(merchant.about['business_name']))}</dd>"
            f"<dt>What</dt><dd>{escape(what)}</dd><dt>When</dt><dd>{at:%A %d %B %Y, %H:%M}</dd>"
            f"<dt>Price</dt><dd>{amount / 100:.2f} {escape(merchant.currency)}</dd>"
            f"<dt>Booking</dt><dd>{escape(booking['id'])}</dd></dl>"
        )

    def _customer(self, merchant: Merchant, given: dict[str, str]) -> Json:
        """The customer with that e-mail, or a new one: Square merges by what the client typed."""
        wanted = given["email"].casefold()
        for row in merchant.table("customer").rows.values():
            if str(row.get("email_address", "")).casefold() == wanted:
                return row
        first, _, last = given["name"].partition(" ")
        fields = {
            "given_name": first, "family_name": last, "email_address": given["email"],
            "phone_number": given.get("phone", ""),
        }  # fmt: skip
        return customers.make(self._square, merchant, fields, stamp=stamp(self._square.now()), source="APPOINTMENTS")

    def _slots(self, merchant: Merchant) -> list[datetime]:
        """Whole hours of the next days when somebody is free, soonest first."""
        now = self._square.now().astimezone(_zone(merchant))
        taken = bookings.busy(merchant, now, now + timedelta(days=DAYS_OFFERED + 1))
        found = []
        for day in range(DAYS_OFFERED):
            for hour in range(OPENS, CLOSES):
                local = (now + timedelta(days=day)).replace(hour=hour, minute=0, second=0, microsecond=0)
                if local > now and _who_is_free(merchant, taken, local, 30) is not None:
                    found.append(local.astimezone(UTC))
        return found


def _who_is_free(merchant: Merchant, taken: list[bookings.Busy], start: datetime, minutes: int) -> str | None:
    team = sorted(r["id"] for r in merchant.table("team_member").rows.values() if r["status"] == "ACTIVE")
    return next((who for who in team if bookings.is_free(taken, who, start, minutes)), None)


def _services(merchant: Merchant) -> list[tuple[str, Json]]:
    found = []
    for item in merchant.table("item").rows.values():
        for variation in item["item_data"]["variations"]:
            if not variation.get("is_deleted") and not item.get("is_deleted"):
                name, own = item["item_data"]["name"], variation["item_variation_data"]["name"]
                found.append((name if own == "Regular" else f"{name}, {own}", variation))
    return sorted(found, key=lambda pair: pair[0])


def _minutes(variation: Json) -> int:
    return int(variation["item_variation_data"]["service_duration"] // 60_000)


def _price(variation: Json) -> str:
    price = variation["item_variation_data"].get("price_money")
    return f"{price['amount'] / 100:.2f} {escape(price['currency'])}" if price else "price on request"


def _zone(merchant: Merchant) -> ZoneInfo:
    return ZoneInfo(merchant.table("location").rows[merchant.main_location]["timezone"])


def _chosen(value: str, wanted: str | None) -> str:
    return " selected" if value == wanted else ""


def _root(request: Request) -> str:
    """The prefix the simulator is mounted under."""
    return str(request.scope.get("root_path", ""))


async def _form_of(request: Request) -> dict[str, str]:
    raw = parse_qs((await request.body())[:20_000].decode("utf-8", "replace"))
    return {name: values[0].replace("\x00", "").strip()[:4000] for name, values in raw.items()}


def _missing(why: str) -> Response:
    return page(vendor="Square", title="Not found", body=f"<p>{escape(why)}</p>", status=404)
