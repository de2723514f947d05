"""Payment links of a simulated Stripe: made and ended by API, and the page where a client pays."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_pages import page
from bookingbridge.vendors.stripe.amounts import money
from bookingbridge.vendors.stripe.simulator import things
from bookingbridge.vendors.stripe.simulator.answers import Call, Complaint, endpoint, number
from bookingbridge.vendors.stripe.simulator.ledger import Ledger
from bookingbridge.vendors.stripe.simulator.objects import refuse_method_types
from bookingbridge.vendors.stripe.simulator.state import Account, new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

TABLE = "checkout.session"
SHORTEST, LONGEST = 30 * 60, 24 * 3600
LEAST = 50


def routes(stripe: StripeSimulation) -> list[BaseRoute]:
    till = _Till(stripe)
    write = "rak_checkout_session_write"
    return [
        Route("/v1/checkout/sessions", endpoint(stripe, _create, write), methods=["POST"]),
        Route("/v1/checkout/sessions/{id}/expire", endpoint(stripe, _expire, write), methods=["POST"]),
        Route("/c/pay/{id}", till.offer),
        Route("/c/pay/{id}", till.pay, methods=["POST"]),
    ]


def _create(call: Call) -> Json:
    call.only(
        "mode", "line_items", "client_reference_id", "metadata", "payment_intent_data", "customer", "customer_email",
        "success_url", "cancel_url", "expires_at", "payment_method_types",
    )  # fmt: skip
    refuse_method_types(call)
    if call.text("mode", is_required=True) != "payment":
        raise Complaint(400, "", "The simulator knows mode=payment.", param="mode")
    call.text("success_url", is_required=True)
    amount, currency, title = _amount(call)
    expires_at = call.number("expires_at") or call.at + LONGEST
    if not SHORTEST <= expires_at - call.at <= LONGEST:
        raise Complaint(400, "", "expires_at is 30 minutes to 24 hours from now.", param="expires_at")
    if call.text("customer") and call.text("customer_email"):
        raise Complaint(400, "", "You may only specify one of customer and customer_email.", param="customer_email")
    if (customer := call.text("customer")) is not None:
        call.row("customer", customer, param="customer")
    session_id = new_id("cs_test_")
    about = call.given.get("payment_intent_data")
    call.stripe.carried[session_id] = {"title": title, **(about if isinstance(about, dict) else {})}
    texts = {name: call.text(name) for name in ("success_url", "cancel_url", "client_reference_id", "customer_email")}
    made = things.session(
        session_id, call.account, created=call.at, amount=amount, currency=currency, expires_at=expires_at,
        url=f"{call.stripe.base_url}/c/pay/{session_id}", customer=customer, metadata=call.given.get("metadata"),
        **texts,
    )  # fmt: skip
    return Ledger(call.stripe, call.account, call.at).keep(made)


def _amount(call: Call) -> tuple[int, str, str]:
    items = call.given.get("line_items")
    if not isinstance(items, list) or not items:
        raise Complaint(400, "parameter_missing", "Missing required param: line_items.", param="line_items")
    total, currency, title = 0, "", ""
    for item in items:
        price = item.get("price_data") if isinstance(item, dict) else None
        product = price.get("product_data") if isinstance(price, dict) else None
        if not isinstance(price, dict) or not isinstance(product, dict) or not product.get("name"):
            raise Complaint(400, "parameter_missing", "Give price_data with product_data.", param="line_items")
        total += (number(price.get("unit_amount"), "unit_amount") or 0) * (
            number(item.get("quantity"), "quantity") or 0
        )
        currency, title = str(price.get("currency") or ""), str(product["name"])
    if not (len(currency) == 3 and currency.islower()):
        raise Complaint(400, "parameter_invalid", "Invalid currency.", param="line_items[0][price_data][currency]")
    if total < LEAST:
        raise Complaint(400, "amount_too_small", "The total is too small to be charged.")
    return total, currency, title


def _expire(call: Call) -> Json:
    session = call.row(TABLE)
    if session["status"] != "open":
        raise Complaint(400, "", "Only open sessions can be expired.")
    ended = {**session, "status": "expired", "url": None}
    return Ledger(call.stripe, call.account, call.at).keep(ended, "checkout.session.expired")


class _Till:
    """The page behind a link."""

    def __init__(self, stripe: StripeSimulation) -> None:
        self._stripe = stripe

    async def offer(self, request: Request) -> Response:
        found = self._found(request)
        if found is None:
            return page(vendor="Stripe", title="Not found", body="<p>There is no such link.</p>", status=404)
        account, session = found
        title = str(self._stripe.carried[session["id"]]["title"])
        owed = money(session["amount_total"], session["currency"])
        facts = (
            f"<dl><dt>To</dt><dd>{escape(account.name)}</dd><dt>For</dt><dd>{escape(title)}</dd>"
            f"<dt>Amount</dt><dd>{owed.decimal()} {escape(owed.currency)}</dd></dl>"
        )
        if session["payment_status"] == "paid":
            return page(vendor="Stripe", title="Paid, thank you", body=facts)
        if not self._is_open(session):
            return page(vendor="Stripe", title="This link has ended", body=facts, status=410)
        form = (
            '<form method="post"><p class="soft">A test card is used. No card number is asked for.</p>'
            '<div class="acts"><button class="main">Pay</button></div></form>'
        )
        return page(vendor="Stripe", title=f"Pay {account.name}", body=facts + form)

    async def pay(self, request: Request) -> Response:
        found = self._found(request)
        if found is None or not self._is_open(found[1]):
            return await self.offer(request)
        account, session = found
        carried = self._stripe.carried[session["id"]]
        ledger = Ledger(self._stripe, account, int(self._stripe.now().timestamp()))
        charge = ledger.pay(
            amount=session["amount_total"], currency=session["currency"], customer=session["customer"],
            email=session["customer_email"], description=carried.get("description"),
            metadata=carried.get("metadata"),
        )  # fmt: skip
        details = {"address": None, "email": session["customer_email"], "name": None, "phone": None,
                   "tax_exempt": "none", "tax_ids": []}  # fmt: skip
        paid = {**session, "status": "complete", "payment_status": "paid", "url": None, "customer_details": details,
                "payment_intent": charge["payment_intent"]}  # fmt: skip
        ledger.keep(paid, "checkout.session.completed")
        return RedirectResponse(session["success_url"], status_code=303)

    def _found(self, request: Request) -> tuple[Account, Json] | None:
        session_id = request.path_params["id"]
        account = self._stripe.state.holder(session_id)
        return (account, account.table(TABLE).rows[session_id]) if account and session_id.startswith("cs_") else None

    def _is_open(self, session: Json) -> bool:
        return bool(session["status"] == "open" and session["expires_at"] > self._stripe.now().timestamp())
