"""Booksy keeps the contract every vendor keeps: by mail and, with a key, as a partner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from tests.vendors.booksy import booksy_world as worlds
from tests.vendors.booksy.booksy_world import NOW, ZONE

from bookingbridge.canonical.errors import AuthExpired, Refused, Unreadable
from bookingbridge.canonical.ports import Client, Given, Json
from bookingbridge.vendorkit.contract import ConversationContract, ManifestContract, ReadingContract, Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.booksy import MANIFEST, VENDOR
from bookingbridge.vendors.booksy.partner_api import PARTNER_KEY
from bookingbridge.vendors.booksy.simulator import signing

BY_MAIL = replace(VENDOR, manifest=replace(MANIFEST, streams=MANIFEST.streams[-1:]))
BY_PARTNER = replace(VENDOR, manifest=replace(MANIFEST, streams=MANIFEST.streams[:-1]))

MAIL: Json = {
    "sender": "no-reply@booksy.com",
    "sender_name": "Mara Lind",
    "reply_to": "mara.lind@example.com",
    "subject": "Mara Lind: new booking",
    "sent_at": "2026-11-18T20:11:00Z",
    "text": "Mara Lind: new booking\nMara Lind\n(206) 555-0123\nTuesday, 24 November 2026, 15:00 - 15:45\nCut\n"
    "$65.00, 15:00 - 15:45\nwith Nora Vance",
    "proof": "passed",
    "zone": ZONE,
    "currency": "USD",
    "shop": "shop@example.com",
    "known": {
        "id": "mail:0123", "who": "email:mara.lind@example.com", "booked_at": "2026-11-17T20:11:00Z", "minutes": 45,
        "email": "mara.lind@example.com", "phone": "(206) 555-0123", "service": "Cut", "staff": "Nora Vance",
        "price": 6500, "currency": "USD",
    },
}  # fmt: skip
SERVICE: Json = {
    "service": {"id": 70, "name": "Cut", "active": True},
    "variant": {"id": 789, "type": "X", "price": "65.00", "duration": 45, "name": "Long hair"},
    "currency": "USD",
}


class TestManifest(ManifestContract):
    vendor = VENDOR


class TestReading(ReadingContract):
    vendor = VENDOR

    def fixtures(self) -> Sequence[tuple[str, Json]]:
        client = {"id": 9, "first_name": "Mara", "last_name": "Lind", "email": "mara.lind@example.com",
                  "cell_phone": "+1 206 555 0123", "created": "2026-01-02T10:00:00Z"}  # fmt: skip
        booking = worlds.appointment(101) | {"business_timezone": ZONE, "import_uid": "our-key"}
        return [
            ("mail", MAIL), ("mail", MAIL | {"known": None}), ("booking", booking),
            ("booking", booking | {"booked_for_id": None, "customer_phone": "+1 206 555 0123"}),
            ("booking", booking | {"type": "R"}), ("client", client), ("service", SERVICE),
            ("staff", {"id": 456, "name": "Nora Vance", "type": "S"}),
        ]  # fmt: skip


class TestMailConversation(ConversationContract):
    vendor = BY_MAIL

    @contextmanager
    def simulated(self) -> Iterator[Simulated]:
        with worlds.mailbox() as there:
            for n in range(27):
                there.mail("new", f"Client {chr(65 + n % 26)}{chr(97 + n // 26)}", f"2026-12-{n % 28 + 1:02}T10:00")
            yield Simulated(there.base_url, there.tokens, None, lambda: NOW, there.settings)


class TestPartnerConversation(ConversationContract):
    vendor = BY_PARTNER
    app: dict[str, str]

    @contextmanager
    def simulated(self) -> Iterator[Simulated]:
        with worlds.partner() as there:
            self.app = there.app
            yield Simulated(there.base_url, there.tokens, None, lambda: NOW, there.settings)

    @asynccontextmanager
    async def _client(self, there: Simulated) -> AsyncIterator[Client]:
        async def no_sleep(_: float) -> None:
            """Tests do not wait."""

        async with Transport(
            allowed_hosts=MANIFEST.allowed_hosts, allow_loopback=True, now=there.now, timeout=2.0, sleep=no_sleep,
            jitter=lambda: 0.0,
        ) as http:  # fmt: skip
            given = Given(there.base_url, there.tokens, None, there.settings, there.now, http, app=self.app)
            yield self.vendor.open(given)

    def test_credentials_that_are_not_accepted_are_told_as_expired(self) -> None:
        with self.simulated() as there:
            self.app[PARTNER_KEY] = signing.Partner(lambda: NOW).private_key()
            self._fails(there, AuthExpired, lambda client: client.check())
            for stream in self.vendor.manifest.streams:
                self._fails(there, AuthExpired, self._reading(there, stream.name))

    def test_the_partners_key_is_in_no_answer_we_keep(self) -> None:
        with self.simulated() as there:
            kept = [repr(page) for stream in self.vendor.manifest.streams for page in self._pages(there, stream.name)]
            body = self.app[PARTNER_KEY].split("-----")[2].split()[3]
            assert not [page for page in kept if body in page]


def test_a_shop_number_without_a_partner_key_is_refused_with_the_reason() -> None:
    with worlds.partner() as there:
        there.app.clear()
        with pytest.raises(Refused, match="partner key"):
            there.talk(lambda client: client.check())


def test_a_mail_that_the_receiving_server_found_forged_is_kept_and_not_believed() -> None:
    with pytest.raises(Unreadable, match="did not send"):
        VENDOR.read("mail", MAIL | {"proof": "failed"})
