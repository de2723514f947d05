"""What reached the bank, out of which payments, and what Square kept of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from square import Square as Sdk
from tests.vendors.square import payloads, worlds
from tests.vendors.square.worlds import NOW, Square, at, rid

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Ability, Json
from bookingbridge.canonical.records import Payout, PayoutEntry, PayoutStatus
from bookingbridge.vendors.square.permissions import NEEDED, SCOPES
from bookingbridge.vendors.square.read import read
from bookingbridge.vendors.square.simulator.payouts import fee_of

DAY = 24 * 3600


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def one_day() -> Json:
    """A day with two cards, a cash payment and a refund in one place, and a card in the other."""
    world = worlds.small()
    del world["payouts_since"]
    paid: list[dict[str, Any]] = [
        {"id": "CARD1", "location_id": "LNORTH1", "amount": 6500, "tip": 1000},
        {"id": "CARD2", "location_id": "LNORTH1", "amount": 4000},
        {"id": "CASH1", "location_id": "LNORTH1", "amount": 9900, "source_type": "CASH"},
        {"id": "WAITS", "location_id": "LNORTH1", "amount": 5000, "status": "APPROVED"},
        {"id": "CARD3", "location_id": "LSOUTH1", "amount": 2000},
    ]
    world["payments"] = [{**row, "created_at": at(-1)} for row in paid]
    world["refunds"] = [{"id": "BACK1", "payment_id": "CARD2", "amount": 1500, "created_at": at(-0.9)}]
    return world


def payouts(square: Square, cursor: Json | None = None, *, is_full: bool = True) -> list[Payout]:
    found = [raw for page in square.pages("payouts", cursor, is_full=is_full) for raw in page.records]
    records = [record for raw in found for record in read(raw.kind, raw.payload)]
    assert all(isinstance(record, Payout) for record in records)
    return [record for record in records if isinstance(record, Payout)]


def entries(square: Square) -> list[PayoutEntry]:
    found = [raw for page in square.pages("payout_entries") for raw in page.records]
    records = [record for raw in found for record in read(raw.kind, raw.payload)]
    assert [record.remote_id for record in records] == [raw.remote_id for raw in found]
    return [record for record in records if isinstance(record, PayoutEntry)]


def test_a_payout() -> None:
    (found,) = read("payout", payloads.payout())
    assert found == Payout(
        remote_id=rid("po_north_1120"), version=1, changed_at=datetime(2026, 11, 21, 8, 0, 5, tzinfo=UTC),
        status=PayoutStatus.SENT, amount=usd(11634), initiated_at=datetime(2026, 11, 21, 8, tzinfo=UTC),
        arrives_on=date(2026, 11, 22), location=rid("LNORTH1"), destination="bank account",
    )  # fmt: skip


def test_an_entry_names_its_payout_and_its_payment() -> None:
    (found,) = read("payout_entry", payloads.entry())
    assert found == PayoutEntry(
        remote_id=rid("po_north_1120:poe_mara"), version=None, changed_at=None, type="charge", gross=usd(13500),
        fee=usd(366), net=usd(13134), at=datetime(2026, 11, 20, 19, 40, 1, tzinfo=UTC), payout=rid("po_north_1120"),
        payment=rid("PAYMARA1"), refund=None, description=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "ours", "description"),
    [
        ("CHARGE", "charge", None),
        ("REFUND", "refund", None),
        ("OPEN_DISPUTE", "dispute", "Open dispute"),
        ("TAX_ON_FEE", "fee", "Tax on fee"),
        ("SUBSCRIPTION_FEE", "fee", "Subscription fee"),
        ("HOLD_ADJUSTMENT", "adjustment", "Hold adjustment"),
        ("RETURNED_PAYOUT", "payout", "Returned payout"),
        ("SQUARE_CAPITAL_PAYMENT", "other", "Square capital payment"),
        ("SOMETHING_NEW", "other", "Something new"),
    ],
)
def test_every_type_of_entry_has_one_of_ours(theirs: str, ours: str, description: str | None) -> None:
    about = {f"type_{theirs.lower()}_details": {"payment_id": "P1", "refund_id": "R1"}}
    (found,) = read("payout_entry", {**payloads.entry(), "type": theirs, **about})
    assert isinstance(found, PayoutEntry)
    assert (found.type, found.description, found.payment, found.refund) == (ours, description, "P1", "R1")


def test_what_was_kept_is_what_is_missing_of_the_gross() -> None:
    (found,) = read("payout_entry", {**payloads.entry(), "net_amount_money": {"amount": 13000, "currency": "USD"}})
    assert isinstance(found, PayoutEntry)
    assert (found.gross, found.fee, found.net) == (usd(13500), usd(500), usd(13000))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("payout", {"status": "LOST"}),
        ("payout", {"arrival_date": "soon"}),
        ("payout", {"amount_money": {"amount": 5}}),
        ("payout_entry", {"fee_amount_money": {"amount": 5, "currency": "EUR"}}),
        ("payout_entry", {"effective_at": "today"}),
        ("payout_entry", {"payout_id": ""}),
    ],
)
def test_what_cannot_be_understood_is_unreadable(kind: str, change: Json) -> None:
    with pytest.raises(Unreadable):
        read(kind, {**(payloads.payout() if kind == "payout" else payloads.entry()), **change})


def test_a_day_is_paid_out_per_location_less_fees_without_cash() -> None:
    with worlds.square(one_day()) as square:
        assert payouts(square) == []
        assert len(square.tell("/_sim/payouts")["payouts"]) == 2
        assert square.tell("/_sim/payouts")["payouts"] == []
        north, south = sorted(payouts(square), key=lambda one: one.location or "")
        kept = {entry.payment: entry for entry in entries(square) if entry.type == "charge"}
        (back,) = [entry for entry in entries(square) if entry.type == "refund"]
    assert {one.status for one in (north, south)} == {PayoutStatus.SENT}
    assert {key: (entry.gross, entry.fee) for key, entry in kept.items()} == {
        "CARD1": (usd(7500), usd(210)), "CARD2": (usd(4000), usd(119)), "CARD3": (usd(2000), usd(67)),
    }  # fmt: skip
    assert (back.payment, back.refund, back.net) == ("CARD2", "BACK1", usd(-1500))
    assert north.amount == usd(7500 - 210 + 4000 - 119 - 1500)
    assert south.amount == usd(2000 - 67)
    assert kept[rid("CARD1")].payout == north.remote_id == back.payout


@pytest.mark.parametrize(("amount", "fee"), [(0, 15), (1000, 41), (6500, 184), (20, 16), (19, 15)])
def test_the_simulated_fee_is_rounded_half_up(amount: int, fee: int) -> None:
    assert fee_of(amount) == fee


def test_entries_sum_up_to_their_payout() -> None:
    with worlds.square() as square:
        found = payouts(square)
        lines = entries(square)
    assert len(found) == 15
    assert {one.location for one in found} == {"LNORTH1", "LSOUTH1"}
    for one in found:
        nets = [line.net.minor for line in lines if line.payout == one.remote_id]
        assert sum(nets) == one.amount.minor
        assert nets


def test_a_payout_that_arrives_or_comes_back_later_is_read_again() -> None:
    with worlds.square(one_day()) as square:
        square.tell("/_sim/payouts")
        cursor = square.pages("payouts")[-1].cursor
        square.tell("/_sim/clock", offset_seconds=5 * DAY)
        square.tell("/_sim/payouts", status="FAILED")
        changed = payouts(square, cursor, is_full=False)
        assert [(one.status, one.version) for one in changed] == [(PayoutStatus.FAILED, 2)] * 2
        square.tell("/_sim/clock", offset_seconds=20 * DAY)
        assert payouts(square, cursor, is_full=False) != []  # fourteen days before the last run
        later = square.pages("payouts", cursor, is_full=False)[-1].cursor
        assert payouts(square, later, is_full=False) == []


def test_only_the_history_wanted_is_read() -> None:
    with worlds.square() as square:
        begins = [one.initiated_at for one in payouts(square)]
        square.settings["history_days"] = "40"
        recent = [begun for begun in begins if begun >= NOW - timedelta(days=40)]
        assert [one.initiated_at for one in payouts(square)] == recent
    assert 0 < len(recent) < len(begins)


def test_a_payout_a_webhook_names_is_fetched_with_what_is_in_it() -> None:
    with worlds.square(one_day()) as square:
        north = square.tell("/_sim/payouts")["payouts"][0]
        found = square.talk(lambda client: client.fetch("payout", rid(north)))
        assert [raw.kind for raw in found] == ["payout", "payout_entry", "payout_entry", "payout_entry"]
        one = square.talk(lambda client: client.fetch("payout_entry", found[1].remote_id))
        assert one == [found[1]]
        assert square.talk(lambda client: client.fetch("payout_entry", rid(f"{north}:none"))) == []


def test_without_the_permission_everything_else_is_read_and_payouts_once_it_is_there() -> None:
    with worlds.square() as square:
        reader = square.signed_in(*(scope.name for scope in SCOPES if scope.name != "PAYOUTS_READ"))
        (page,) = reader.pages("payouts")
        assert (page.records, page.is_last) == ((), True)
        assert [p.records for p in reader.pages("payout_entries")] == [()]
        account = reader.talk(lambda client: client.check())
        assert account.missing == ()
        assert [(ability, "PAYOUTS_READ" in why) for ability, why in account.without] == [(Ability.PAYOUTS, True)]
        assert len(square.ids("payouts", page.cursor, is_full=False)) == len(square.ids("payouts")) == 15
        assert "PAYOUTS_READ" not in NEEDED


def test_square_s_own_library_lists_payouts_of_the_main_location_and_their_entries() -> None:
    with worlds.square() as square:
        client = Sdk(token=square.tokens.access, base_url=square.base_url)
        listed = list(client.payouts.list(begin_time=at(-365), limit=3))
        assert {one.location_id for one in listed} == {"LNORTH1"}
        mine = [one.remote_id for one in payouts(square) if one.location == "LNORTH1"]
        assert sorted(one.id for one in listed) == sorted(mine)
        one = client.payouts.get(listed[0].id).payout
        assert one is not None
        assert one == listed[0]
        lines = list(client.payouts.list_entries(listed[0].id))
        assert [line.type for line in lines] == ["CHARGE"] * len(lines)
        assert sum(line.net_amount_money.amount or 0 for line in lines if line.net_amount_money) == (
            one.amount_money.amount if one.amount_money else None
        )
        assert str(one.created_at) <= NOW.isoformat()
