"""What happens to money at a simulated Stripe: paid, given back, questioned, paid out; each with lines and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.stripe.simulator import things
from bookingbridge.vendors.stripe.simulator.answers import Complaint
from bookingbridge.vendors.stripe.simulator.state import Account, new_id
from bookingbridge.vendors.stripe.simulator.things import DAY

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

DISPUTE_FEE = 1500


class Ledger:
    """The acts of one account. `at` is when, in seconds; events are kept and delivered only where `is_told`."""

    def __init__(self, stripe: StripeSimulation, account: Account, at: int, *, is_told: bool = True) -> None:
        self._stripe = stripe
        self._account = account
        self._at = at
        self._is_told = is_told

    def keep(self, row: Json, *events: str) -> Json:
        """The object is as it now is, and whoever wants to know is told."""
        table = self._account.table(row["object"])
        table.put(row, now=self._stripe.now(), lag=self._stripe.lag)
        if self._is_told:
            for event in events:
                self._stripe.announce(self._account, event, row, at=self._at)
        return row

    def pay(self, *, amount: int, currency: str | None = None, outcome: str = "succeeded", **more: Any) -> Json:
        """A charge with its intent. `outcome`: succeeded, failed, pending or requires_capture.

        `more`: id, intent, customer, description, metadata, tip, method, name, email, phone, receipt_email.
        """
        ids = {"charge": more.pop("id", None) or new_id("ch_"), "intent": more.pop("intent", None) or new_id("pi_")}
        money: Json = {"amount": amount, "currency": currency or self._account.currency}
        is_held = outcome == "requires_capture"
        line = None
        if outcome == "succeeded":
            line = self._line(money, "charge", source=ids["charge"], fee=fee_of(amount), days=2)
        status = {"failed": "requires_payment_method", "pending": "processing"}.get(outcome, outcome)
        made = things.intent(
            ids["intent"], created=self._at, status=status, charge=ids["charge"],
            capture_method="manual" if is_held else "automatic", **money, **more,
        )  # fmt: skip
        charge = things.charge(
            ids["charge"], created=self._at, status="succeeded" if is_held else outcome, intent=ids["intent"],
            line=line["id"] if line else None, captured=not is_held, **money, **more,
        )  # fmt: skip
        self.keep(made, "payment_intent.created")
        if outcome == "failed":
            self.keep(charge, "charge.failed")
            self.keep(made, "payment_intent.payment_failed")
            return charge
        self.keep(charge, "charge.pending" if outcome == "pending" else "charge.succeeded")
        self.keep(made, "payment_intent.amount_capturable_updated" if is_held else f"payment_intent.{status}")
        return charge

    def capture(self, charge: Json, amount: int | None = None) -> Json:
        """What was held is taken; the rest of it is let go."""
        taken = charge["amount"] if amount is None else amount
        if charge["captured"] or charge["status"] != "succeeded" or not 0 < taken <= charge["amount"]:
            raise Complaint(400, "charge_already_captured", "There is nothing to capture.")
        money = {"amount": taken, "currency": charge["currency"]}
        line = self._line(money, "charge", source=charge["id"], fee=fee_of(taken), days=2)
        after = {**charge, "captured": True, "amount_captured": taken, "balance_transaction": line["id"],
                 "amount_refunded": charge["amount"] - taken}  # fmt: skip
        return self.keep(after, "charge.captured")

    def let_go(self, charge: Json) -> Json:
        """What was held is not taken."""
        return self.keep({**charge, "refunded": True, "amount_refunded": charge["amount"]}, "charge.refunded")

    def refund(self, charge: Json, amount: int | None = None, *, status: str = "succeeded", **more: Any) -> Json:
        """Part or all of it is given back."""
        left = charge["amount"] - charge["amount_refunded"]
        back = left if amount is None else amount
        if charge["status"] != "succeeded" or left <= 0:
            raise Complaint(400, "charge_already_refunded", "The charge has already been refunded.")
        if not 0 < back <= left:
            raise Complaint(400, "amount_too_large", "More than is left of the charge.", param="amount")
        refund_id = more.pop("id", None) or new_id("re_")
        line = self._line({"amount": -back, "currency": charge["currency"]}, "refund", source=refund_id)
        made = things.refund(refund_id, charge, created=self._at, amount=back, status=status, line=line["id"], **more)
        self.keep(made, "refund.created")
        total = charge["amount_refunded"] + back
        after = {**charge, "amount_refunded": total, "refunded": total == charge["amount"]}
        self.keep(after, "charge.refunded")
        return made

    def fail_refund(self, refund: Json) -> Json:
        """The bank did not take it: the money is back, and the charge counts as not refunded."""
        charge = self._account.table("charge").rows[refund["charge"]]
        money = {"amount": refund["amount"], "currency": refund["currency"]}
        self._line(money, "refund_failure", source=refund["id"])
        self.keep({**charge, "amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False})
        failed = {**refund, "status": "failed", "failure_reason": "lost_or_stolen_card"}
        return self.keep(failed, "refund.failed", "charge.refund.updated")

    def dispute(self, charge: Json, amount: int | None = None, *, reason: str = "fraudulent", **more: Any) -> Json:
        """The payer's bank takes the money back until it is decided. `more`: id, status."""
        dispute_id = more.get("id") or new_id("dp_")
        taken = charge["amount"] if amount is None else amount
        money = {"amount": -taken, "currency": charge["currency"]}
        line = self._line(money, "adjustment", source=dispute_id, fee=DISPUTE_FEE, category="dispute")
        made = things.dispute(
            dispute_id, charge, created=self._at, amount=taken, reason=reason, line=line,
            status=more.get("status") or "needs_response",
        )  # fmt: skip
        self.keep({**charge, "disputed": True}, "charge.updated")
        return self.keep(made, "charge.dispute.created", "charge.dispute.funds_withdrawn")

    def decide(self, dispute: Json, status: str) -> Json:
        """The dispute is won, and the money back, or lost."""
        lines = dispute["balance_transactions"]
        if status == "won":
            money = {"amount": dispute["amount"], "currency": dispute["currency"]}
            lines = [
                *lines, self._line(money, "adjustment", source=dispute["id"], fee=-DISPUTE_FEE,
                                   category="dispute_reversal"),
            ]  # fmt: skip
        return self.keep({**dispute, "status": status, "balance_transactions": lines}, "charge.dispute.closed")

    def pay_out(self, *, automatic: bool = True, status: str = "in_transit", payout_id: str | None = None) -> Json:
        """All that is available by now is sent to the bank."""
        lines = self._account.table("balance_transaction").rows.values()
        ready = [
            row
            for row in lines
            if row["available_on"] <= self._at
            and row["currency"] == self._account.currency
            and row["id"] not in self._account.left
        ]
        total = sum(row["net"] for row in ready)
        if total <= 0:
            raise Complaint(400, "balance_insufficient", "There is nothing to pay out yet.")
        made_id = payout_id or new_id("po_")
        money = {"amount": -total, "currency": self._account.currency}
        own = self._line(money, "payout", source=made_id)
        self._account.left |= {row["id"]: made_id if automatic else None for row in (*ready, own)}
        made = things.payout(
            made_id, created=self._at, amount=total, currency=self._account.currency, automatic=automatic,
            status=status, line=own["id"],
        )  # fmt: skip
        return self.keep(made, "payout.created", *(["payout.reconciliation_completed"] if automatic else []))

    def settle(self, payout: Json, status: str) -> Json:
        """The payout has arrived (paid), or came back (failed), which may happen after it was paid."""
        more: Json = {}
        if status == "failed":
            money = {"amount": payout["amount"], "currency": payout["currency"]}
            line = self._line(money, "payout_failure", source=payout["id"], category="payout_reversal")
            more = {"failure_balance_transaction": line["id"], "failure_code": "account_closed"}
        return self.keep({**payout, "status": status, **more}, f"payout.{status}")

    def _line(self, money: Json, kind: str, *, source: str, fee: int = 0, days: int = 0, category: str = "") -> Json:
        due = (self._at // DAY + days) * DAY if days else self._at
        made = things.line(
            new_id("txn_"), created=self._at, kind=kind, fee=fee, source=source, due=due, category=category, **money
        )
        return self.keep(made)


def fee_of(amount: int) -> int:
    """2.9 % and 30, rounded half up: a card's price in the United States, near enough."""
    return (amount * 29 + 500) // 1000 + 30
