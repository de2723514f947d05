"""A conversation with one Stripe account: who it is, everything page by page, single things, and payment links."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.errors import NotFound, Refused, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Receipt
from bookingbridge.vendors.stripe import permissions
from bookingbridge.vendors.stripe.answers import NotPermitted
from bookingbridge.vendors.stripe.api import Api, id_of, in_path, objects, word
from bookingbridge.vendors.stripe.balance import Balance
from bookingbridge.vendors.stripe.checkout import SESSIONS, Checkout
from bookingbridge.vendors.stripe.read import GUEST
from bookingbridge.vendors.stripe.streams import Streams
from bookingbridge.vendors.stripe.webhooks import WITH_LINES

ACCOUNT_ID = "account_id"
"""The token field for keys that may not read whose they are."""


class StripeClient:
    """See canonical.ports.Client and Writer. The transport belongs to who gave it and is not closed here."""

    def __init__(self, given: Given) -> None:
        self._api = Api(given)
        self._tokens = given.tokens
        self._streams = Streams(self._api, given, self.fetch)
        self._balance = Balance(self._api)
        self._checkout = Checkout(self._api, given)
        self._fetchers: Mapping[str, Callable[[str], Awaitable[list[RawRecord]]]] = {
            "client": self._customer,
            "payment": self._payment,
            "refund": self._refund,
            "dispute": self._dispute,
            "payout": self._payout,
            "payout_entry": self._balance.one,
        }

    async def check(self) -> Account:
        about = await self._about()
        found = await permissions.found(self._api)
        settings, profile = _object(about, "settings"), _object(about, "business_profile")
        dashboard = _object(settings, "dashboard")
        currency = word(about.get("default_currency"))
        return Account(
            remote_id=RemoteId(id_of(about)),
            name=word(dashboard.get("display_name")) or word(profile.get("name")) or id_of(about),
            granted=found.granted,
            missing=found.missing,
            time_zone=word(dashboard.get("timezone")),
            currency=currency.upper() if currency else None,
            notes=tuple(self._notes(about)),
            without=found.without,
        )

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        return self._streams.pages(stream, cursor, reach)

    async def fetch(self, kind: str, remote_id: str) -> list[RawRecord]:
        fetcher = self._fetchers.get(kind)
        if fetcher is None:
            raise Rejected(f"Stripe has no {kind!r}")
        try:
            return await fetcher(remote_id)
        except NotFound:
            return []

    async def send(self, command: Command) -> Receipt:
        return await self._checkout.send(command)

    async def find(self, command: Command) -> Receipt | None:
        return await self._checkout.find(command)

    async def close(self) -> None:
        """Nothing is held open here."""

    async def _about(self) -> Json:
        """The account. A key that may not read it is taken at the owner's word, if that was given."""
        pasted = self._tokens.extra.get(ACCOUNT_ID, "")
        try:
            about = await self._api.get("/v1/account", "the account")
        except NotPermitted as refused:
            if not pasted.startswith("acct_"):
                raise Rejected(
                    "this key may not read whose account it is: allow 'Accounts: Read', or paste the account ID too",
                    code="account_unknown",
                ) from refused
            return {"id": in_path(pasted)}
        if not word(about.get("id")):
            raise Unreadable("Stripe does not say whose key this is", where="id")
        if pasted and pasted != about["id"]:
            raise Refused("this key is of another account than the account ID pasted beside it", code="other_account")
        return about

    def _notes(self, about: Json) -> list[str]:
        notes = []
        # Test keys begin with sk_test_ or rk_test_ (docs.stripe.com/keys, read 2026-11); signing in says it outright.
        if "_test_" in self._tokens.access[:8] or self._tokens.extra.get("livemode") == "false":
            notes.append("This key is for Stripe's test data: none of these payments is real.")
        if about.get("charges_enabled") is False:
            notes.append("Stripe takes no payments for this account yet: finish its set-up in Stripe.")
        if about.get("payouts_enabled") is False:
            notes.append("Stripe pays nothing out of this account yet: finish its set-up in Stripe.")
        return notes

    async def _customer(self, remote_id: str) -> list[RawRecord]:
        if remote_id.startswith(GUEST):
            return []  # made by us from what they paid; there is nothing to ask for
        # A deleted customer is answered with {"id", "deleted": true}.
        found = await self._api.get(f"/v1/customers/{in_path(remote_id)}", "customers")
        return [RawRecord("client", RemoteId(id_of(found)), found)]

    async def _payment(self, remote_id: str) -> list[RawRecord]:
        """The charge; for an intent or a checkout session all charges it led to."""
        if remote_id.startswith("cs_"):
            session = await self._api.get(f"{SESSIONS}/{in_path(remote_id)}", "payment links")
            intent = word(session.get("payment_intent"))
            return await self._payment(intent) if intent else []
        if remote_id.startswith("pi_"):
            body = await self._api.get(
                "/v1/charges", "payments", payment_intent=in_path(remote_id), limit=100, expand=["data.payment_intent"]
            )
            found = objects(body)
        else:
            path = f"/v1/charges/{in_path(remote_id)}"
            found = [await self._api.get(path, "payments", expand=["payment_intent"])]
        return [RawRecord("payment", RemoteId(id_of(charge)), charge) for charge in found]

    async def _refund(self, remote_id: str) -> list[RawRecord]:
        """The refund, and its charge beside it, whose refunded amount has changed with it."""
        found = await self._api.get(f"/v1/refunds/{in_path(remote_id)}", "refunds")
        charge = word(found.get("charge"))
        beside = await self.fetch("payment", charge) if charge else []
        return [RawRecord("refund", RemoteId(id_of(found)), found), *beside]

    async def _dispute(self, remote_id: str) -> list[RawRecord]:
        found = await self._api.get(f"/v1/disputes/{in_path(remote_id)}", "disputes")
        return [RawRecord("dispute", RemoteId(id_of(found)), found)]

    async def _payout(self, remote_id: str) -> list[RawRecord]:
        """The payout; once it is reconciled, and that is why it is asked for, its lines beside it."""
        bare = remote_id.removesuffix(WITH_LINES)
        found = await self._api.get(f"/v1/payouts/{in_path(bare)}", "payouts")
        has_lines = bare != remote_id and found.get("automatic") is True
        beside = await self._balance.of_payout(bare) if has_lines else []
        return [RawRecord("payout", RemoteId(id_of(found)), found), *beside]


def _object(body: Json, name: str) -> Json:
    found: Any = body.get(name)
    return found if isinstance(found, dict) else {}
