"""The contract every vendor keeps, for Google Calendar, whichever way its events are taken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from tests.vendors.google_calendar import calendar_world
from tests.vendors.google_calendar.calendar_world import event

from bookingbridge.canonical.ports import Delivery, Json
from bookingbridge.vendorkit.contract import (
    ConversationContract,
    ManifestContract,
    ReadingContract,
    Simulated,
    WebhookContract,
)
from bookingbridge.vendors.google_calendar import VENDOR
from bookingbridge.vendors.google_calendar.webhooks import TOKEN, channel_id


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        guest = event("ada01", 3, guest="ada@example.com", updated="2026-11-19T08:00:00.123Z", etag='"1"', sequence=1)
        guest["description"] = "<b>Colour</b> &amp; cut"
        ours = event("bea01", 4, extendedProperties={"private": {"bb_key": "k", "bb_phone": "+12065550123"}})
        day = event("off01", 0, start={"date": "2026-11-27"}, end={"date": "2026-11-28"})

        def envelope(body: Json, taken_as: str) -> Json:
            return {"event": body, "time_zone": "America/Los_Angeles", "taken_as": taken_as}

        return [
            ("booking", envelope(guest, "appointments")),
            ("booking", envelope(ours, "appointments")),
            ("block", envelope(day, "busy")),
        ]


class TestAppointments(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return calendar_world.simulated({})


class TestBusyTimes(ConversationContract):
    vendor = VENDOR

    def simulated(self) -> AbstractContextManager[Simulated]:
        return calendar_world.simulated({"events": "busy"})


class TestWebhooks(WebhookContract):
    vendor = VENDOR
    signature_header = TOKEN

    def signed(self) -> Sequence[tuple[Delivery, str]]:
        secret = "a-secret-of-our-own"
        headers = {
            TOKEN: secret, "x-goog-channel-id": channel_id(secret, b"12345678"), "x-goog-message-number": "7",
            "x-goog-resource-id": "r1",
        }  # fmt: skip
        url = "https://bridge.example.com/api/v1/webhooks/google_calendar/1"
        states = ("sync", "exists", "not_exists")
        return [(Delivery(headers | {"x-goog-resource-state": state}, b"", url), secret) for state in states]
