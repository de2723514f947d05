"""Acuity objects in its published shape, about people who do not exist."""

from __future__ import annotations

from typing import Any

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.tokens import new_token

Json = dict[str, Any]

TOKEN = new_token(bytes(range(10)))
"""A visitor's token as our script puts it into a form."""


def rid(text: str) -> RemoteId:
    return RemoteId(text)


def calendar(**changed: Any) -> Json:
    return {
        "id": 2201, "name": "Nora Vance", "email": "", "replyTo": "", "description": "", "thumbnail": "",
        "location": "4 North Street, Portland", "timezone": "America/Los_Angeles", **changed,
    }  # fmt: skip


def appointment_type(**changed: Any) -> Json:
    return {
        "id": 3201, "name": "Cut", "active": True, "description": "", "duration": 45, "price": "65.00", "category": "",
        "color": "#ED7087", "private": False, "type": "service", "classSize": None, "calendarIDs": [2201], **changed,
    }  # fmt: skip


def client(**changed: Any) -> Json:
    return {
        "firstName": "Mara", "lastName": "Quill", "email": "mara@example.com", "phone": "+12065550123", "notes": "",
        **changed,
    }  # fmt: skip


def appointment(**changed: Any) -> Json:
    return {
        "id": 54001, "firstName": "Mara", "lastName": "Quill", "phone": "(206) 555-0123", "email": "mara@example.com",
        "date": "November 24, 2026", "time": "10:15am", "endTime": "11:00am", "dateCreated": "November 17, 2026",
        "datetime": "2026-11-24T10:15:00-0800", "price": "65.00", "paid": "yes", "amountPaid": "65.00", "type": "Cut",
        "appointmentTypeID": 3201, "addonIDs": [], "classID": None, "duration": "45", "calendar": "Nora Vance",
        "calendarID": 2201, "canClientCancel": True, "canClientReschedule": True, "location": "", "certificate": None,
        "notes": "Side door", "timezone": "America/Los_Angeles", "canceled": False,
        "forms": [
            {
                "id": 1, "name": "Before you come",
                "values": [
                    {"id": 1, "fieldID": 11, "name": "How did you hear about us?", "value": "A friend"},
                    {"id": 2, "fieldID": 12, "name": "Reference", "value": TOKEN},
                    {"id": 3, "fieldID": 13, "name": "Are you pregnant?", "value": "no"},
                ],
            }
        ],
        **changed,
    }  # fmt: skip


def placed(**changed: Any) -> Json:
    return {"appointment": appointment(**changed), "currency": "USD", "place": "4 North Street, Portland"}


def paid(**changed: Any) -> Json:
    payment = {
        "transactionID": "pi_5550123", "created": "2026-11-24T11:02:00-0800", "processor": "stripe", "amount": "65.00",
        **changed,
    }  # fmt: skip
    return {**placed(), "payment": payment, "number": 1}


def block(**changed: Any) -> Json:
    return {
        "id": 7001, "calendarID": 2201, "start": "2026-11-26T09:00:00-0800", "end": "2026-11-26T12:00:00-0800",
        "notes": "Training", "description": "Thursday", "recurring": None, **changed,
    }  # fmt: skip


ALL: list[tuple[str, Json]] = [
    ("location", {"location": "4 North Street, Portland", "timezone": "America/Los_Angeles"}),
    ("staff", calendar()),
    ("service", {"type": appointment_type(), "currency": "USD"}),
    ("client", client()),
    ("booking", placed()),
    ("booking", placed(id=54002, canceled=True, noShow=True, forms=[], email="", datetimeCreated=None)),
    ("payment", paid()),
    ("payment", {**placed(), "payment": None, "number": 2}),
    ("block", block()),
]
