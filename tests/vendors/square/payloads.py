"""Square objects in its published shape, about people who do not exist."""

from __future__ import annotations

from typing import Any

from bookingbridge.canonical.ids import RemoteId

Json = dict[str, Any]


def rid(text: str) -> RemoteId:
    return RemoteId(text)


def location() -> Json:
    return {
        "id": "LNORTH1",
        "name": "North Street",
        "address": {
            "address_line_1": "4 North Street",
            "locality": "Portland",
            "administrative_district_level_1": "OR",
            "postal_code": "97201",
        },
        "timezone": "America/Los_Angeles",
        "status": "ACTIVE",
        "currency": "USD",
        "merchant_id": "MNORTHHAIR",
    }


def team_member() -> Json:
    return {
        "id": "TMNORA1",
        "given_name": "Nora",
        "family_name": "Vance",
        "status": "ACTIVE",
        "updated_at": "2026-10-02T08:00:00Z",
    }


def service() -> Json:
    variation = {
        "type": "ITEM_VARIATION",
        "id": "VLONGCUT1",
        "version": 1760000000001,
        "updated_at": "2026-10-09T08:53:20.001Z",
        "is_deleted": False,
        "item_variation_data": {
            "item_id": "ICUT1",
            "name": "Long hair",
            "pricing_type": "FIXED_PRICING",
            "price_money": {"amount": 8500, "currency": "USD"},
            "service_duration": 3_600_000,
        },
    }
    item = {
        "type": "ITEM",
        "id": "ICUT1",
        "version": 1760000000500,
        "updated_at": "2026-10-09T08:53:20.500Z",
        "is_deleted": False,
        "item_data": {"name": "Cut", "product_type": "APPOINTMENTS_SERVICE"},
    }
    return {"variation": variation, "item": item}


def customer() -> Json:
    return {
        "id": "CUSTMARA1",
        "given_name": "Mara",
        "family_name": "Quill",
        "email_address": "Mara.Quill@example.com",
        "phone_number": "+1 206 555 0123",
        "created_at": "2026-09-01T10:00:00.000Z",
        "updated_at": "2026-11-01T10:00:00.000Z",
        "version": 4,
    }


def booking() -> Json:
    return {
        "booking": {
            "id": "bkg1mara",
            "version": 2,
            "status": "ACCEPTED",
            "created_at": "2026-11-02T09:30:00Z",
            "updated_at": "2026-11-03T09:30:00Z",
            "start_at": "2026-11-20T18:00:00Z",
            "location_id": "LNORTH1",
            "customer_id": "CUSTMARA1",
            "customer_note": "First visit",
            "seller_note": "",
            "appointment_segments": [
                {
                    "duration_minutes": 60,
                    "intermission_minutes": 15,
                    "service_variation_id": "VLONGCUT1",
                    "service_variation_version": 1760000000001,
                    "team_member_id": "TMNORA1",
                },
                {
                    "duration_minutes": 30,
                    "intermission_minutes": 10,
                    "service_variation_id": "VGLOSS1",
                    "service_variation_version": 1760000000002,
                    "team_member_id": "TMNORA1",
                },
            ],
        },
        "prices": [{"amount": 8500, "currency": "USD"}, {"amount": 3000, "currency": "USD"}],
    }


def payment() -> Json:
    return {
        "id": "PAYMARA1",
        "status": "COMPLETED",
        "created_at": "2026-11-20T19:40:00.120Z",
        "updated_at": "2026-11-21T09:00:00.000Z",
        "amount_money": {"amount": 11500, "currency": "USD"},
        "tip_money": {"amount": 2000, "currency": "USD"},
        "total_money": {"amount": 13500, "currency": "USD"},
        "refunded_money": {"amount": 1500, "currency": "USD"},
        "source_type": "CARD",
        "card_details": {"card_payment_timeline": {"captured_at": "2026-11-20T19:40:01.500Z"}},
        "location_id": "LNORTH1",
        "customer_id": "CUSTMARA1",
        "reference_id": "till-7",
    }


def refund() -> Json:
    return {
        "id": "PAYMARA1_R1",
        "status": "COMPLETED",
        "payment_id": "PAYMARA1",
        "amount_money": {"amount": 1500, "currency": "USD"},
        "created_at": "2026-11-21T09:00:00Z",
        "updated_at": "2026-11-21T09:00:05Z",
    }


def payout() -> Json:
    return {
        "id": "po_north_1120",
        "status": "SENT",
        "location_id": "LNORTH1",
        "created_at": "2026-11-21T08:00:00Z",
        "updated_at": "2026-11-21T08:00:05Z",
        "amount_money": {"amount": 11634, "currency": "USD"},
        "destination": {"type": "BANK_ACCOUNT", "id": "bact:north"},
        "version": 1,
        "type": "BATCH",
        "arrival_date": "2026-11-22",
    }


def entry() -> Json:
    return {
        "id": "poe_mara",
        "payout_id": "po_north_1120",
        "effective_at": "2026-11-20T19:40:01Z",
        "type": "CHARGE",
        "gross_amount_money": {"amount": 13500, "currency": "USD"},
        "fee_amount_money": {"amount": 366, "currency": "USD"},
        "net_amount_money": {"amount": 13134, "currency": "USD"},
        "type_charge_details": {"payment_id": "PAYMARA1"},
    }


ALL = [
    ("location", location()),
    ("staff", team_member()),
    ("service", service()),
    ("client", customer()),
    ("booking", booking()),
    ("payment", payment()),
    ("refund", refund()),
    ("payout", payout()),
    ("payout_entry", entry()),
]


def event(kind: str, subject_id: str, **more: Any) -> Json:
    return {
        "merchant_id": "MNORTHHAIR",
        "type": kind,
        "event_id": "0f5f7a52-2b7d-4c0e-9a57-3f1d0f1f4f10",
        "created_at": "2026-11-20T19:40:02.037339943Z",
        "data": {"type": kind.partition(".")[0], "id": subject_id, **more},
    }
