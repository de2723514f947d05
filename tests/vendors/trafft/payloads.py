"""Trafft objects in the shape its readers describe, about people who do not exist."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def location() -> Json:
    return {"id": 1, "name": "High Street", "address": "4 High Street, Exampleton"}


def employee() -> Json:
    return {
        "id": 11, "first_name": "Nora", "last_name": "Vance", "email": "nora@example.com",
        "phone_country_code": "+1", "phone_number": "2065550101", "timezone": "Europe/London",
    }  # fmt: skip


def service() -> Json:
    row = {"id": 21, "name": "Cut", "price": 65.5, "duration": 45, "buffer_time_before": 0, "buffer_time_after": 10}
    return {"service": row, "currency": "GBP", "duration_unit": "minutes"}


def customer() -> Json:
    return {
        "id": 31, "first_name": "Mara", "last_name": "Quill", "email": "Mara.Quill@example.com",
        "phone_country_code": "+1", "phone_number": "2065550123", "birthday": None, "gender": "",
    }  # fmt: skip


def appointment() -> Json:
    """As the list shows it: two clients of one class."""
    return {
        "id": 41,
        "status": "approved",
        "start_date_time": "2026-07-20 18:00:00",
        "end_date_time": "2026-07-20 18:45:00",
        "created_at": "2026-07-02 09:30:00",
        "note": "Ring twice",
        "service": {"id": 21, "name": "Cut"},
        "employees": [{"id": 11, "first_name": "Nora", "last_name": "Vance"}],
        "location": {"id": 1, "name": "High Street"},
        "bookings": [
            {
                "id": 51, "status": "approved", "additional_persons": 0,
                "customer": {"id": 31, "first_name": "Mara", "last_name": "Quill", "email": "Mara.Quill@example.com"},
            },
            {
                "id": 52, "status": "canceled", "additional_persons": 1,
                "customer": {"id": 32, "first_name": "Theo", "last_name": "Marsh", "email": "theo@example.com"},
            },
        ],
    }  # fmt: skip


def place(**changed: Any) -> Json:
    """One booking as the client gives it on; `changed` are fields of its appointment."""
    row = appointment() | changed
    inside = row.pop("bookings")
    return {"appointment": row, "booking": inside[0], "time_zone": "Europe/London"}


def webhook(**changed: Any) -> Json:
    return {
        "appointmentStatus": "approved",
        "appointmentStartDateTime": "2026-07-20 18:00:00",
        "appointmentEndDateTime": "2026-07-20 18:45:00",
        "appointmentPrice": 65.5,
        "customerFullName": "Mara Quill",
        "customerFirstName": "Mara",
        "customerLastName": "Quill",
        "customerEmail": "mara.quill@example.com",
        "customerPhone": "+12065550123",
        "employeeFullName": "Nora Vance",
        "serviceName": "Cut",
        "extras": [],
        "customFields": [],
    } | changed


ALL = [
    ("location", location()),
    ("staff", employee()),
    ("service", service()),
    ("client", customer()),
    ("booking", place()),
]
