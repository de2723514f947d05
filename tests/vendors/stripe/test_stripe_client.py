"""The conversation with Stripe: who we are, what is asked, what changed since, what happens when it is in trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.vendors.stripe import worlds
from tests.vendors.stripe.worlds import ACCOUNT, NOW, Stripe, at, understood

from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Throttled, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Ability, Json
from bookingbridge.canonical.records import (
    Customer,
    Dispute,
    Payment,
    PaymentStatus,
    Payout,
    PayoutEntry,
    PayoutStatus,
    Refund,
)
from bookingbridge.vendors.stripe.permissions import ACCOUNT as ACCOUNT_READ
from bookingbridge.vendors.stripe.permissions import READS, SCOPES
from bookingbridge.vendors.stripe.wire import API_VERSION

READ_CODES = tuple(dict.fromkeys(code for _, code, _, _ in READS))


def cursor_of(stripe: Stripe, stream: str) -> Json:
    return stripe.pages(stream)[-1].cursor


def since(stripe: Stripe, stream: str, cursor: Json) -> dict[str, Any]:
    return understood(stripe.raws(stream, cursor, is_full=False))


def test_the_account_is_named_with_zone_currency_and_a_warning_of_test_data() -> None:
    with worlds.stripe() as stripe:
        account = stripe.talk(lambda client: client.check())
    assert (account.remote_id, account.name) == (ACCOUNT, "North Hair")
    assert (account.time_zone, account.currency) == ("America/Los_Angeles", "USD")
    assert account.missing == ()
    assert account.without == ()
    assert set(account.granted) == {scope.name for scope in SCOPES} - {ACCOUNT_READ[0]}
    assert account.notes == ("This key is for Stripe's test data: none of these payments is real.",)


def test_missing_permissions_are_found_by_asking_and_nothing_comes_about() -> None:
    with worlds.stripe() as stripe:
        account = stripe.with_key("rak_charge_read", "rak_customer_read", ACCOUNT_READ[1]).talk(lambda c: c.check())
        assert account.granted == ("Customers: Read", "Charges and Refunds: Read")
        assert account.missing == (
            "PaymentIntents: Read", "Disputes: Read", "Payouts: Read", "Balance transaction sources: Read",
            "Events: Read",
        )  # fmt: skip
        assert account.without == ((Ability.DEPOSITS, "the key lacks the permission 'Checkout Sessions: Write'"),)
        full = stripe.talk(lambda client: client.check())
        assert full.without == ()
        assert stripe.do("GET", "/v1/checkout/sessions")["data"] == []
        assert stripe.do("GET", "/v1/webhook_endpoints")["data"] == []


def test_a_key_that_may_not_say_whose_it_is_needs_the_account_id_beside_it() -> None:
    with worlds.stripe() as stripe:
        with pytest.raises(Rejected, match="paste the account ID") as refused:
            stripe.with_key(*READ_CODES).talk(lambda client: client.check())
        assert refused.value.code == "account_unknown"
        account = stripe.with_key(*READ_CODES, account_id=ACCOUNT).talk(lambda client: client.check())
        assert (account.remote_id, account.missing, account.currency) == (ACCOUNT, (), None)
        other = stripe.with_key(*READ_CODES, ACCOUNT_READ[1], account_id="acct_other")
        with pytest.raises(Refused, match="another account"):
            other.talk(lambda client: client.check())


def test_a_revoked_key_is_told_as_expired_and_a_missing_permission_as_what_to_add() -> None:
    with worlds.stripe() as stripe:
        with pytest.raises(Rejected, match="may not use disputes: edit the key"):
            stripe.with_key("rak_charge_read").pages("disputes")
        stripe.tell("/_sim/revoke", key=stripe.tokens.access)
        with pytest.raises(AuthExpired):
            stripe.pages("payments")


def test_every_request_is_pinned_to_one_version() -> None:
    with worlds.stripe() as stripe:
        stripe.pages("refunds")
        answer = stripe.control.get("/v1/refunds", headers={"Authorization": f"Bearer {stripe.tokens.access}"})
    assert answer.headers["stripe-version"] == API_VERSION == "2026-10-28.endive"


def test_a_full_read_finds_payments_of_the_history_and_customers_of_all_time() -> None:
    with worlds.stripe() as stripe:
        within = [p["id"] for p in worlds.small()["payments"] if p["created"] >= at(-365)]
        assert sorted(stripe.ids("payments")) == sorted(within)
        assert len(within) < 150
        assert len(stripe.ids("customers")) == 130
        stripe.settings["history_days"] = "30"
        recent = [p["id"] for p in worlds.small()["payments"] if p["created"] >= at(-30)]
        assert sorted(stripe.ids("payments")) == sorted(recent)
        assert [r["path"] for r in stripe.asked("/v1/events")] == []


def test_an_incremental_run_sees_new_payments_and_what_befell_older_ones() -> None:
    with worlds.stripe() as stripe:
        cursor = cursor_of(stripe, "payments")
        stripe.later(hours=1)
        fresh = stripe.tell("/_sim/payments", amount=4200, email="new@example.com")["id"]
        stripe.tell("/_sim/refunds", charge="ch_0100", amount=700)
        changed = since(stripe, "payments", cursor)
        payments = {i: r for i, r in changed.items() if isinstance(r, Payment)}
        assert set(payments) == {fresh, "ch_0100"}
        assert payments["ch_0100"].refunded == Money(1700, "USD")  # a thousand was given back before
        assert len(stripe.asked("/v1/charges/")) == 1


def test_a_thing_named_by_many_events_is_fetched_once() -> None:
    with worlds.stripe() as stripe:
        cursor = cursor_of(stripe, "payments")
        stripe.later(hours=1)
        for _ in range(5):
            stripe.tell("/_sim/refunds", charge="ch_0101", amount=10)
        assert list(since(stripe, "payments", cursor)) == ["ch_0101"]
        assert len(stripe.asked("/v1/charges/ch_0101")) == 1


def test_a_customer_that_was_renamed_and_one_that_was_deleted_are_seen() -> None:
    with worlds.stripe() as stripe:
        cursor = cursor_of(stripe, "customers")
        stripe.later(minutes=30)
        stripe.do("POST", "/v1/customers/cus_0007", name="Renamed Person")
        stripe.do("DELETE", "/v1/customers/cus_0008")
        changed = since(stripe, "customers", cursor)
        assert set(changed) == {"cus_0007", "cus_0008"}
        assert changed["cus_0007"].name == "Renamed Person"
        assert isinstance(changed["cus_0008"], Customer)
        assert changed["cus_0008"].is_deleted


def test_a_refund_that_fails_after_it_went_through_is_seen() -> None:
    with worlds.stripe() as stripe:
        refunds, payments = cursor_of(stripe, "refunds"), cursor_of(stripe, "payments")
        stripe.later(hours=2)
        stripe.tell("/_sim/refunds", fail="re_0100")
        changed = since(stripe, "refunds", refunds)
        assert isinstance(changed["re_0100"], Refund)
        assert changed["re_0100"].status is PaymentStatus.FAILED
        beside = changed["ch_0100"]
        assert isinstance(beside, Payment)
        assert beside.refunded == Money(0, "USD")
        assert since(stripe, "payments", payments) == {}  # Stripe tells it of the refund; the payment came beside it


def test_a_dispute_that_is_decided_and_a_payout_that_fails_after_it_was_paid_are_seen() -> None:
    with worlds.stripe() as stripe:
        disputes, payouts = cursor_of(stripe, "disputes"), cursor_of(stripe, "payouts")
        stripe.later(days=2)
        stripe.tell("/_sim/disputes", decide="dp_0142", status="won")
        stripe.tell("/_sim/payouts", settle="po_0011", status="failed")
        decided = since(stripe, "disputes", disputes)
        failed = since(stripe, "payouts", payouts)
        assert isinstance(decided["dp_0142"], Dispute)
        assert (decided["dp_0142"].status, decided["dp_0142"].answer_by) == ("won", None)
        assert isinstance(failed["po_0011"], Payout)
        assert failed["po_0011"].status is PayoutStatus.FAILED


def test_after_a_pause_longer_than_events_are_kept_everything_is_read_again() -> None:
    with worlds.stripe() as stripe:
        cursor = cursor_of(stripe, "payments")
        stripe.tell("/_sim/refunds", charge="ch_0102", amount=900)
        stripe.later(days=31)
        changed = since(stripe, "payments", cursor)
        assert len(changed) > 100
        assert changed["ch_0102"].refunded == Money(900, "USD")
        assert stripe.asked("/v1/events") == []


def test_a_refund_in_the_middle_of_a_full_read_is_caught_by_the_next_run() -> None:
    with worlds.stripe() as stripe:
        first, *rest = stripe.pages("payments")
        assert rest
        stripe.tell("/_sim/refunds", charge="ch_0149", amount=100)  # listed on the first page, unrefunded
        assert first.records[0].payload["amount_refunded"] == 0
        done = stripe.pages("payments", first.cursor)[-1].cursor
        assert since(stripe, "payments", done)["ch_0149"].refunded == Money(100, "USD")


def test_a_page_whose_last_customer_is_deleted_meanwhile_begins_the_list_again() -> None:
    with worlds.stripe() as stripe:
        first, *_ = stripe.pages("customers")
        stripe.do("DELETE", f"/v1/customers/{first.records[-1].remote_id}")
        rest = stripe.ids("customers", first.cursor)
        assert {r.remote_id for r in first.records[:-1]} | set(rest) == {r.remote_id for r in first.records[:-1]} | {
            c["id"] for c in worlds.small()["customers"]
        } - {first.records[-1].remote_id}


def entries(stripe: Stripe, cursor: Json | None = None, *, is_full: bool = True) -> dict[str, PayoutEntry]:
    found = understood(stripe.raws("balance", cursor, is_full=is_full))
    return {i: r for i, r in found.items() if isinstance(r, PayoutEntry)}


def test_each_automatic_payout_is_the_sum_of_its_lines() -> None:
    with worlds.stripe() as stripe:
        lines = entries(stripe)
        payouts = {i: r for i, r in understood(stripe.raws("payouts")).items() if isinstance(r, Payout)}
    assert len(payouts) >= 10
    for payout_id, payout in payouts.items():
        inside = [e for e in lines.values() if e.payout == payout_id]
        assert sum(e.net.minor for e in inside if e.type != "payout") == payout.amount.minor
        assert [e.net.minor for e in inside if e.type == "payout"] == [-payout.amount.minor]
    assert {e.type for e in lines.values()} == {"charge", "refund", "dispute", "payout"}


def test_lines_that_wait_have_no_payout_until_one_takes_them() -> None:
    with worlds.stripe() as stripe:
        stripe.tell("/_sim/payments", amount=90_000)
        pages = stripe.pages("balance")
        waiting = {i for i, e in entries(stripe).items() if e.payout is None}
        assert waiting
        stripe.later(days=4)
        made = stripe.tell("/_sim/payouts")["id"]
        taken = entries(stripe, pages[-1].cursor, is_full=False)
        assert {i for i, e in taken.items() if e.payout == made} >= waiting
        assert not [e for e in taken.values() if e.payout is None]


def test_a_disputed_payment_is_named_on_the_line_that_took_it_back() -> None:
    with worlds.stripe() as stripe:
        disputed = [e for e in entries(stripe).values() if e.type == "dispute"]
    assert sorted((e.payment, e.fee.minor) for e in disputed) == [("ch_0041", 1500), ("ch_0142", 1500)]


def test_lines_of_payouts_by_hand_are_there_without_a_payout() -> None:
    world = worlds.small()
    world["payouts"] = [{"id": "po_hand", "created": at(-2), "automatic": False}]
    with worlds.stripe(world) as stripe:
        lines = entries(stripe)
        assert len([e for e in lines.values() if e.type == "charge"]) > 100
        assert {e.payout for e in lines.values()} == {None}


def test_a_line_is_fetched_with_the_payout_it_left_with() -> None:
    with worlds.stripe() as stripe:
        one = next(e for e in entries(stripe).values() if e.payout == "po_0005" and e.type == "charge")
        again = understood(stripe.fetch("payout_entry", one.remote_id))[one.remote_id]
        assert again == one


def test_a_reconciled_payout_is_fetched_with_its_lines() -> None:
    with worlds.stripe() as stripe:
        bare, full = stripe.fetch("payout", "po_0005"), stripe.fetch("payout", "po_0005:lines")
        assert [raw.remote_id for raw in bare] == ["po_0005"]
        assert (full[0].kind, full[0].remote_id) == ("payout", "po_0005")
        lines = understood(full[1:])
        assert len(lines) > 5
        assert {e.payout for e in lines.values() if isinstance(e, PayoutEntry)} == {"po_0005"}


def test_an_intent_and_a_link_lead_to_their_charges() -> None:
    with worlds.stripe() as stripe:
        assert [raw.remote_id for raw in stripe.fetch("payment", "pi_0100")] == ["ch_0100"]
        assert stripe.fetch("payment", "pi_nothing") == []
        assert stripe.fetch("payment", "cs_nothing") == []
        assert stripe.fetch("client", "guest:abc") == []


def test_a_charge_carries_its_tip_listed_and_fetched() -> None:
    with worlds.stripe() as stripe:
        listed = understood(stripe.raws("payments"))["ch_0100"]
        fetched = understood(stripe.fetch("payment", "ch_0100"))["ch_0100"]
    assert isinstance(listed, Payment)
    assert listed.tip == Money(500, "USD")
    assert listed == fetched


@pytest.mark.parametrize("strange", ["../v1/account", "a/b", "x?y", "", "é", "a" * 300])
def test_what_is_no_id_is_never_asked_for(strange: str) -> None:
    with worlds.stripe() as stripe:
        before = len(stripe.asked())
        with pytest.raises(Unreadable):
            stripe.fetch("dispute", strange)
        assert len(stripe.asked()) == before


def test_a_lock_that_lasts_is_told_as_asked_to_wait() -> None:
    with worlds.stripe() as stripe:
        stripe.tell("/_sim/faults", fault="429", times=None, retry_after=90)
        with pytest.raises(Throttled) as throttled:
            stripe.pages("payments")
        assert throttled.value.until == NOW + timedelta(seconds=90)


def test_what_is_no_stream_and_no_kind_is_rejected() -> None:
    with worlds.stripe() as stripe:
        with pytest.raises(Rejected):
            stripe.pages("bookings")
        with pytest.raises(Rejected):
            stripe.fetch("booking", "b1")


def test_an_older_cursor_of_another_shape_reads_all_again() -> None:
    with worlds.stripe() as stripe:
        assert len(stripe.ids("refunds", {"since": 5}, is_full=False)) == len(stripe.ids("refunds"))
        assert RemoteId("re_0100") in stripe.ids("refunds", {"since": "yesterday"}, is_full=False)
