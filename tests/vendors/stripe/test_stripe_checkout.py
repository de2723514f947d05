"""Payment links: made once, found again, paid on Stripe's page, and back with the payment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.vendors.stripe import worlds
from tests.vendors.stripe.worlds import NOW, Stripe, understood

from bookingbridge.canonical.commands import CancelBooking, Person, RequestPayment
from bookingbridge.canonical.errors import Ambiguous, Rejected, Throttled
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Receipt
from bookingbridge.canonical.records import Payment, PaymentStatus
from bookingbridge.vendors.stripe import VENDOR

WANTED = RequestPayment(
    key="deposit-7f3a",
    amount=Money(2500, "USD"),
    title="Deposit, long cut",
    reference="bb-visit-4711",
    person=Person("Mara Quill", email="mara.quill@example.com"),
    return_url="https://shop.example.com/thanks",
)


def send(stripe: Stripe, wanted: RequestPayment = WANTED) -> Receipt:
    return stripe.talk(lambda client: client.send(wanted))


def sessions(stripe: Stripe) -> int:
    return len(stripe.do("GET", "/v1/checkout/sessions")["data"])


def test_the_vendor_says_that_it_takes_payment_requests() -> None:
    assert VENDOR.commands == {RequestPayment}


def test_a_link_is_paid_and_the_payment_carries_our_reference() -> None:
    with worlds.stripe() as stripe:
        receipt = send(stripe)
        assert receipt.remote_id.startswith("cs_")
        assert receipt.url is not None
        shown = stripe.control.get(receipt.url)
        assert "Deposit, long cut" in shown.text
        assert "25.00 USD" in shown.text
        assert stripe.fetch("payment", receipt.remote_id) == []  # nobody has paid yet
        paid = stripe.control.post(receipt.url, follow_redirects=False)
        assert (paid.status_code, paid.headers["location"]) == (303, "https://shop.example.com/thanks")
        assert "Paid, thank you" in stripe.control.get(receipt.url).text
        stripe.control.post(receipt.url, follow_redirects=False)
        found = [r for r in understood(stripe.fetch("payment", receipt.remote_id)).values() if isinstance(r, Payment)]
    assert [(p.status, p.amount, (p.reference or "").splitlines()[0]) for p in found] == [
        (PaymentStatus.COMPLETED, Money(2500, "USD"), "bb-visit-4711")
    ]


def test_the_same_command_sent_again_makes_no_second_link() -> None:
    with worlds.stripe() as stripe:
        first, second = send(stripe), send(stripe)
        assert first == second
        assert send(stripe, replace(WANTED, key="deposit-2")).remote_id != first.remote_id
        assert sessions(stripe) == 2


def test_the_same_key_for_something_else_finds_what_it_made() -> None:
    with worlds.stripe() as stripe:
        first = send(stripe)
        assert send(stripe, replace(WANTED, amount=Money(9900, "USD"))) == first
        assert sessions(stripe) == 1
        stripe.do("POST", "/v1/customers", name="x")  # no reason to find the key
        session_id = first.remote_id
        assert stripe.talk(lambda client: client.find(WANTED)) == Receipt(session_id, url=first.url)


@pytest.mark.parametrize("fault", ["500_after_effect", "timeout_after_effect"])
def test_what_stayed_unconfirmed_is_ambiguous_and_found_again(fault: str) -> None:
    with worlds.stripe() as stripe:
        stripe.tell("/_sim/faults", fault=fault, match={"method": "POST", "path_prefix": "/v1/checkout"})
        with pytest.raises(Ambiguous):
            send(stripe)
        assert len(stripe.asked("/v1/checkout", "POST")) == 1
        found = stripe.talk(lambda client: client.find(WANTED))
        assert found is not None
        assert found == send(stripe)
        assert sessions(stripe) == 1


def test_what_surely_did_nothing_is_not_found() -> None:
    with worlds.stripe() as stripe:
        send(stripe, replace(WANTED, key="somebody-elses"))
        stripe.tell("/_sim/faults", fault="500", match={"method": "POST"})
        with pytest.raises(Ambiguous):
            send(stripe)
        assert stripe.talk(lambda client: client.find(WANTED)) is None


def test_a_lock_is_told_as_asked_to_wait_and_not_repeated_by_itself() -> None:
    with worlds.stripe() as stripe:
        stripe.tell("/_sim/faults", fault="429", match={"method": "POST"})
        with pytest.raises(Throttled):
            send(stripe)
        assert len(stripe.asked("/v1/checkout", "POST")) == 1
        assert sessions(stripe) == 0


def test_a_known_customer_is_named_and_a_guest_by_e_mail() -> None:
    with worlds.stripe() as stripe:
        known = send(stripe, replace(WANTED, person=Person("Client 7", remote_id=RemoteId("cus_0007"))))
        guest = send(
            stripe, replace(WANTED, key="k2", person=Person("G", remote_id=RemoteId("guest:1"), email="g@example.com"))
        )
        shown = [stripe.do("GET", f"/v1/checkout/sessions/{r.remote_id}") for r in (known, guest)]
    assert [(s["customer"], s["customer_email"]) for s in shown] == [("cus_0007", None), (None, "g@example.com")]


def test_a_link_ends_when_it_shall_or_with_the_latest_time_stripe_allows() -> None:
    with worlds.stripe() as stripe:
        soon, far = NOW + timedelta(hours=2), NOW + timedelta(days=9)
        first = send(stripe, replace(WANTED, expires_at=soon))
        second = send(stripe, replace(WANTED, key="k2", expires_at=far))
        ends = [stripe.do("GET", f"/v1/checkout/sessions/{r.remote_id}")["expires_at"] for r in (first, second)]
        assert ends == [int(soon.timestamp()), int((NOW + timedelta(hours=24)).timestamp())]
        stripe.later(hours=3)
        assert first.url is not None
        assert stripe.control.get(first.url).status_code == 410
        with pytest.raises(Rejected) as refused:
            send(stripe, replace(WANTED, key="k3", expires_at=NOW + timedelta(hours=3, minutes=10)))
        assert refused.value.code == "expires_too_soon"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(10, "USD"), "amount_too_small"),
        (Money(0, "USD"), "amount_too_small"),
        (Money(-500, "USD"), "amount_too_small"),
        (Money(5123, "KWD"), "amount_too_fine"),
    ],
)
def test_an_amount_that_stripe_will_not_take_is_rejected(amount: Money, code: str) -> None:
    with worlds.stripe() as stripe:
        with pytest.raises(Rejected) as refused:
            send(stripe, replace(WANTED, amount=amount))
        assert refused.value.code == code
        assert sessions(stripe) == 0


def test_currencies_without_and_with_three_decimals_are_written_stripe_s_way() -> None:
    with worlds.stripe() as stripe:
        for n, (money, written) in enumerate(
            [(Money(2500, "JPY"), 2500), (Money(5120, "KWD"), 5120), (Money(50, "ISK"), 5000)]
        ):
            made = send(stripe, replace(WANTED, key=f"k{n}", amount=money))
            assert stripe.do("GET", f"/v1/checkout/sessions/{made.remote_id}")["amount_total"] == written


def test_another_command_is_rejected() -> None:
    with worlds.stripe() as stripe, pytest.raises(Rejected):
        stripe.talk(lambda client: client.send(CancelBooking("k", RemoteId("b"), 1)))
