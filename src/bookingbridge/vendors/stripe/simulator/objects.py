"""The lists and objects of a simulated Stripe's API, and the writes that a shop's own software makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.stripe.simulator import things
from bookingbridge.vendors.stripe.simulator.answers import Call, Complaint, Handler, endpoint, listed
from bookingbridge.vendors.stripe.simulator.ledger import Ledger
from bookingbridge.vendors.stripe.simulator.state import new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

PAGE = ("limit", "starting_after", "ending_before", "created")

# Lists: path, table, permission, and filters that must equal a field of the object.
_LISTS = (
    ("customers", "customer", "rak_customer_read", ("email",)),
    ("charges", "charge", "rak_charge_read", ("customer", "payment_intent")),
    ("payment_intents", "payment_intent", "rak_payment_intent_read", ("customer",)),
    ("refunds", "refund", "rak_charge_read", ("charge", "payment_intent")),
    ("disputes", "dispute", "rak_dispute_read", ("charge", "payment_intent")),
    ("payouts", "payout", "rak_payout_read", ("status", "destination")),
    ("checkout/sessions", "checkout.session", "rak_checkout_session_read",
     ("customer", "payment_intent", "status")),
)  # fmt: skip


def routes(stripe: StripeSimulation) -> list[BaseRoute]:
    found: list[BaseRoute] = [Route("/v1/account", endpoint(stripe, _account, "rak_accounts_kyc_basic_read"))]
    for path, table, permission, filters in _LISTS:
        url = f"/v1/{path}"
        found += [
            Route(url, endpoint(stripe, _list_of(table, url, filters), permission)),
            Route(url + "/{id}", endpoint(stripe, _one_of(table), permission)),
        ]
    lines = "rak_balance_transaction_source_read"

    def post(path: str, handler: Handler, permission: str, method: str = "POST") -> None:
        found.append(Route(f"/v1/{path}", endpoint(stripe, handler, permission), methods=[method]))

    found.append(Route("/v1/balance_transactions", endpoint(stripe, _lines, lines)))
    found.append(Route("/v1/balance_transactions/{id}", endpoint(stripe, _one_of("balance_transaction"), lines)))
    found.append(Route("/v1/events", endpoint(stripe, _events, "rak_event_read")))
    found.append(Route("/v1/events/{id}", endpoint(stripe, _one_of("event"), "rak_event_read")))
    post("customers", _create_customer, "rak_customer_write")
    post("customers/{id}", _change_customer, "rak_customer_write")
    post("customers/{id}", _delete_customer, "rak_customer_write", "DELETE")
    post("payment_intents", _create_intent, "rak_payment_intent_write")
    post("payment_intents/{id}/capture", _capture, "rak_payment_intent_write")
    post("payment_intents/{id}/cancel", _cancel, "rak_payment_intent_write")
    post("refunds", _create_refund, "rak_charge_write")
    return found


def _account(call: Call) -> Json:
    call.only()
    return call.account.about


def _list_of(table: str, url: str, filters: tuple[str, ...]) -> Handler:
    def answer(call: Call) -> Json:
        call.only(*PAGE, *filters)
        wanted = {name: call.text(name) for name in filters if call.given.get(name) is not None}
        return listed(call, table, url, keep=lambda row: all(row.get(n) == value for n, value in wanted.items()))

    return answer


def _one_of(table: str) -> Handler:
    def answer(call: Call) -> Json:
        call.only()
        row_id = str(call.request.path_params["id"])
        if table == "customer" and row_id in call.stripe.deleted:
            return things.deleted(row_id)
        return call.row(table)

    return answer


def _lines(call: Call) -> Json:
    call.only(*PAGE, "currency", "payout", "source", "type")
    payout = call.text("payout")
    if payout is not None and not call.row("payout", payout, param="payout")["automatic"]:
        raise Complaint(
            400, "", "Balance transaction history can only be filtered on automatic transfers, not manual.",
            param="payout",
        )  # fmt: skip
    wanted = {name: call.text(name) for name in ("currency", "source", "type") if call.given.get(name)}
    left = call.account.left
    return listed(
        call, "balance_transaction", "/v1/balance_transactions",
        keep=lambda row: (payout is None or left.get(row["id"]) == payout)
        and all(row.get(name) == value for name, value in wanted.items()),
    )  # fmt: skip


def _events(call: Call) -> Json:
    """The events of the last 30 days."""
    call.only(*PAGE, "type", "types", "delivery_success")
    types, one = call.given.get("types"), call.text("type")
    if types is not None and (not isinstance(types, list) or len(types) > 20 or one):
        raise Complaint(400, "parameter_invalid", "Up to 20 types, or one type.", param="types")
    wanted = set(map(str, types)) if types else None
    oldest = call.at - 30 * things.DAY
    return listed(
        call, "event", "/v1/events",
        keep=lambda row: row["created"] >= oldest
        and (wanted is None or row["type"] in wanted)
        and (one is None or row["type"] == one or (one.endswith("*") and row["type"].startswith(one[:-1]))),
    )  # fmt: skip


_CUSTOMER = ("name", "email", "phone", "description")


def _create_customer(call: Call) -> Json:
    call.only(*_CUSTOMER, "metadata")
    texts = {name: call.text(name) for name in _CUSTOMER}
    made = things.customer(new_id("cus_"), created=call.at, metadata=_metadata(call), **texts)
    return _acts(call).keep(made, "customer.created")


def _change_customer(call: Call) -> Json:
    call.only(*_CUSTOMER, "metadata")
    texts = {name: call.text(name) for name in _CUSTOMER if name in call.given}
    row = call.row("customer")
    return _acts(call).keep({**row, **texts, "metadata": {**row["metadata"], **_metadata(call)}}, "customer.updated")


def _delete_customer(call: Call) -> Json:
    row = call.row("customer")
    call.account.table("customer").drop(row["id"])
    call.stripe.deleted.add(row["id"])
    call.stripe.announce(call.account, "customer.deleted", row, at=call.at)
    return things.deleted(row["id"])


def _create_intent(call: Call) -> Json:
    """Created and confirmed in one, as a till does it; the test cards of Stripe's sandbox decide how it ends."""
    call.only(
        "amount", "currency", "confirm", "payment_method", "capture_method", "customer", "description", "metadata",
        "receipt_email", "automatic_payment_methods", "return_url", "allowed_payment_method_types",
        "excluded_payment_method_types", "payment_method_types", "amount_details",
    )  # fmt: skip
    refuse_method_types(call)
    amount, currency = call.number("amount"), call.text("currency", is_required=True)
    if not amount or amount < 50:
        raise Complaint(400, "amount_too_small", "Amount must be at least 50 cents.", param="amount")
    if call.text("confirm") != "true":
        raise Complaint(400, "parameter_missing", "The simulator confirms at once: confirm=true.", param="confirm")
    is_declined = call.text("payment_method") == "pm_card_chargeDeclined"
    is_held = call.text("capture_method") == "manual"
    customer = call.text("customer")
    if customer is not None:
        call.row("customer", customer, param="customer")
    outcome = "failed" if is_declined else "requires_capture" if is_held else "succeeded"
    charge = _acts(call).pay(
        amount=amount, currency=currency, outcome=outcome, customer=customer, description=call.text("description"),
        metadata=_metadata(call), receipt_email=call.text("receipt_email"),
    )  # fmt: skip
    intent = call.row("payment_intent", charge["payment_intent"])
    if is_declined:
        raise Complaint(402, "card_declined", "Your card was declined.", kind="card_error", is_kept=True)
    return intent


def _capture(call: Call) -> Json:
    call.only("amount_to_capture")
    intent = call.row("payment_intent")
    charge = _acts(call).capture(call.row("charge", intent["latest_charge"]), call.number("amount_to_capture"))
    done = {**intent, "status": "succeeded", "amount_received": charge["amount_captured"], "amount_capturable": 0}
    return _acts(call).keep(done, "payment_intent.succeeded")


def _cancel(call: Call) -> Json:
    call.only("cancellation_reason")
    intent = call.row("payment_intent")
    if intent["status"] != "requires_capture":
        raise Complaint(400, "payment_intent_unexpected_state", "This cannot be canceled.")
    _acts(call).let_go(call.row("charge", intent["latest_charge"]))
    done = {**intent, "status": "canceled", "canceled_at": call.at, "amount_capturable": 0}
    return _acts(call).keep(done, "payment_intent.canceled")


def _create_refund(call: Call) -> Json:
    call.only("amount", "charge", "payment_intent", "reason", "metadata")
    charge_id, intent_id = call.text("charge"), call.text("payment_intent")
    if intent_id is not None:
        charge_id = call.row("payment_intent", intent_id, param="payment_intent")["latest_charge"]
    charge = call.row("charge", str(charge_id or ""), param="charge")
    return _acts(call).refund(charge, call.number("amount"), reason=call.text("reason"), metadata=_metadata(call))


def refuse_method_types(call: Call) -> None:
    """Not writable any more (docs.stripe.com/changelog/endive/2026-09-30, read 2026-11)."""
    if "payment_method_types" in call.given:
        raise Complaint(
            400, "payment_method_types_no_longer_supported", "Use allowed_payment_method_types.",
            param="payment_method_types",
        )  # fmt: skip


def _metadata(call: Call) -> dict[str, str]:
    found = call.given.get("metadata")
    return {str(n): str(v)[:500] for n, v in found.items()} if isinstance(found, dict) else {}


def _acts(call: Call) -> Ledger:
    return Ledger(call.stripe, call.account, call.at)
