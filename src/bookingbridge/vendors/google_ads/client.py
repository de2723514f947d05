"""Talking to the Google Ads API for one account: which accounts there are, its campaigns, their days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach
from bookingbridge.vendorkit import days
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendorkit.paging import Trail
from bookingbridge.vendors.google_ads import faults, queries, wire
from bookingbridge.vendors.google_ads.oauth import SCOPE, GoogleOAuth

API_VERSION = "v26"

SETTLING_DAYS = 30
"""Invalid clicks are credited and conversions counted back for weeks; we read a month again (November 2026)."""
HISTORY_DAYS = 396
"""Thirteen months, so that each month has its like of the year before."""
MAX_HISTORY_DAYS = 1120
"""Daily figures are kept for 37 months (Google Ads API deprecations, from 1 June 2026)."""

_STEP = 30

_Shape = TypeVar("_Shape")


@dataclass(frozen=True, slots=True)
class _Reached:
    """An account, and the manager through which it is reached; None where the person was invited to it directly."""

    customer: wire.Customer
    manager: str | None


class GoogleAdsClient:
    """A signed-in conversation about one account. Everything is asked by query; nothing is ever changed."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._base_url = given.base_url.rstrip("/")
        self._root = f"{self._base_url}/{API_VERSION}"
        self._tokens = given.tokens
        self._now = given.now
        self._customer_id = None if given.account is None else _customer_id(given.account)
        self._manager_set = _customer_id(manager) if (manager := given.settings.get("login_customer_id")) else None
        self._reading = days.Reading(SETTLING_DAYS, _STEP, _history(given.settings.get("history_days")))
        self._access: str | None = None
        self._reached: _Reached | None = None

    async def check(self) -> Account:
        """The account, or while none is chosen all that the sign-in reaches, those below managers included.

        Rejected, with what to do, where it leads to no account at all.
        """
        granted = self._tokens.scopes or (SCOPE,)
        if SCOPE not in granted:
            raise AuthExpired("the sign-in lacks the permission for Google Ads; reconnect and allow it")
        reached, notes = await self._all_reached()
        choices = tuple((RemoteId(i), _title(r.customer)) for i, r in reached.items())
        chosen = self._chosen(reached)
        if chosen is None:
            first = next(iter(reached))
            return Account(RemoteId(first), "Google Ads", granted, choices=choices, notes=notes)
        return Account(
            remote_id=RemoteId(chosen.id),
            name=_title(chosen),
            granted=granted,
            time_zone=chosen.time_zone or None,
            currency=chosen.currency_code or None,
            choices=choices,
            notes=notes,
        )

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """`campaigns` is read whole every time; `ad_days` by stretches of 30 days, the unsettled ones every time."""
        if stream == "campaigns":
            rows = await self._stream(queries.campaigns())
            yield Page(tuple(_campaign(row) for row in rows), {}, is_last=True, total=len(rows))
        elif stream == "ad_days":
            async for page in self._ad_days(cursor, reach):
                yield page
        else:
            raise Refused(f"Google Ads has no stream {stream!r}")

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        """The campaign, or the campaign's day, as it is now; [] where Google has no such campaign."""
        if (parts := _parts(kind, remote_id)) is None:
            return []
        campaign, day = parts
        found = await self._stream(queries.campaign(campaign))
        if day is None or not found:
            return [_campaign(row) for row in found] if day is None else []
        today = self._now().astimezone(times.zone((await self._account()).customer.time_zone)).date()
        rows = await self._stream(queries.day(campaign, day))
        if rows:
            return [_day(rows[0], self._reading, today=today)]
        currency = _converted(found[0], wire.CampaignRow).customer.currency_code
        return [_silent(campaign, day, currency, self._reading, today=today)]

    async def close(self) -> None:
        """Nothing is held here; the transport is its owner's to close."""

    async def _ad_days(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        customer = (await self._account()).customer
        progress = days.load(cursor)
        if progress.run is None:
            today = reach.now.astimezone(times.zone(customer.time_zone)).date()
            progress = days.begin(progress, self._reading, today=today, is_full=reach.is_full)
        is_resumed, trail = True, Trail("days")
        while run := progress.run:
            try:
                found = await self._page(queries.days(*run.stretch), run.token)
            except Rejected as refused:
                # A page token of an interrupted run may be gone; the stretch is read again then.
                if not (is_resumed and run.token and refused.code in faults.STALE_TOKENS):
                    raise
                progress, is_resumed = days.again(progress), False
                continue
            is_resumed = False
            page, progress = self._day_page(progress, run, found, customer, trail)
            yield page

    def _day_page(
        self, progress: days.Progress, run: days.Run, found: wire.SearchPage, customer: wire.Customer, trail: Trail
    ) -> tuple[Page, days.Progress]:
        """What one answer brought, the days that fell silent where it ends a stretch, and where reading stands then."""
        records = [_day(row, self._reading, today=run.until) for row in found.results]
        progress = days.met(progress, self._reading, filter(None, map(_campaign_day, found.results)))
        if found.next_page_token:
            trail.step(f"{run.at} {found.next_page_token}")
            progress = days.turned(progress, found.next_page_token)
        else:
            for campaign, day in days.vanished(progress):
                records.append(_silent(campaign, day, customer.currency_code, self._reading, today=run.until))
            progress = days.ended(progress)
        return Page(tuple(records), days.dump(progress), is_last=progress.run is None), progress

    def _chosen(self, reached: dict[str, _Reached]) -> wire.Customer | None:
        if not reached:
            raise Rejected(
                "this sign-in reaches no active Google Ads account; have it invited to one", code="no_account"
            )
        if self._customer_id is None:
            return next(iter(reached.values())).customer if len(reached) == 1 else None
        if self._customer_id not in reached:
            why = f"this sign-in does not reach the Google Ads account {self._customer_id}"
            raise Rejected(why, code="account_out_of_reach")
        return reached[self._customer_id].customer

    async def _all_reached(self) -> tuple[dict[str, _Reached], tuple[str, ...]]:
        """Every account that has ads of its own, by id; and what is to be said of those that were left out."""
        reached: dict[str, _Reached] = {}
        below: dict[str, _Reached] = {}
        notes: list[str] = []
        for customer_id in await self._accessible():
            try:
                customer = await self._customer(customer_id, customer_id)
                if not customer.manager:
                    reached[customer.id] = _Reached(customer, None)
                    continue
                for found in await self._stream_of(customer_id, customer_id, queries.CLIENTS):
                    client = _converted(found, wire.ClientRow).customer_client
                    below.setdefault(client.id, _Reached(client, customer_id))
            except Rejected as refused:
                if refused.code != faults.CUSTOMER_NOT_ENABLED:
                    raise
                notes.append(f"The Google Ads account {customer_id} is not active and was left out.")
        return below | reached, tuple(notes)

    async def _account(self) -> _Reached:
        """The chosen account and the way to it, found once."""
        if self._reached is None:
            if self._customer_id is None:
                raise Refused("choose a Google Ads account first")
            manager = self._manager_set or await self._manager_of(self._customer_id)
            self._reached = _Reached(await self._customer(self._customer_id, manager), manager)
        return self._reached

    async def _customer(self, customer_id: str, manager: str | None) -> wire.Customer:
        rows = await self._stream_of(customer_id, manager, queries.CUSTOMER)
        if not rows:
            raise Unreadable(f"Google says nothing about the account {customer_id}", where="customer")
        return _converted(rows[0], wire.CustomerRow).customer

    async def _manager_of(self, customer_id: str) -> str | None:
        """The manager through which the account is reached; None where no manager is needed."""
        accessible = await self._accessible()
        if customer_id in accessible:
            return None
        for other in accessible:
            with suppress(Rejected):
                if await self._stream_of(other, other, queries.client(customer_id)):
                    return other
        raise Rejected(f"this sign-in does not reach the Google Ads account {customer_id}", code="account_out_of_reach")

    async def _accessible(self) -> list[str]:
        answer = await self._http.send(
            "GET", f"{self._root}/customers:listAccessibleCustomers", headers=await self._headers(None)
        )
        names = _converted(self._ok(answer).object(), wire.Accessible).resource_names
        return [name.removeprefix("customers/") for name in names]

    async def _stream(self, query: str) -> list[Json]:
        account = await self._account()
        return await self._stream_of(account.customer.id, account.manager, query)

    async def _stream_of(self, customer_id: str, manager: str | None, query: str) -> list[Json]:
        """All rows of a small query at once. The answer is an array of batches, each perhaps without rows."""
        answer = await self._ask(customer_id, manager, "searchStream", {"query": query})
        return [row for batch in _converted(answer.json(), list[wire.SearchPage]) for row in batch.results]

    async def _page(self, query: str, token: str) -> wire.SearchPage:
        """A page of at most 10,000 rows. The query must be the same to the letter for each page."""
        account = await self._account()
        body = {"query": query} | ({"pageToken": token} if token else {})
        answer = await self._ask(account.customer.id, account.manager, "search", body)
        return _converted(answer.json(), wire.SearchPage)

    async def _ask(self, customer_id: str, manager: str | None, method: str, body: Json) -> Answer:
        url = f"{self._root}/customers/{customer_id}/googleAds:{method}"
        headers = await self._headers(manager)
        return self._ok(await self._http.send("POST", url, headers=headers, json=body, is_repeatable=True))

    def _ok(self, answer: Answer) -> Answer:
        if not answer.is_ok:
            raise faults.fault(answer.status, answer.body, now=self._now())
        return answer

    async def _headers(self, manager: str | None) -> dict[str, str]:
        if self._access is None:
            self._access = await self._access_token()
        headers = {"authorization": f"Bearer {self._access}"}
        if token := self._tokens.extra.get("developer_token"):
            headers["developer-token"] = token
        return headers | ({"login-customer-id": manager} if manager else {})

    async def _access_token(self) -> str:
        """The access token; where a refresh token was pasted with its own client, one that is fetched for it."""
        extra = self._tokens.extra
        if not extra.get("client_id"):
            return self._tokens.access
        client = {"client_id": extra["client_id"], "client_secret": extra.get("client_secret", "")}
        return (await GoogleOAuth().refreshed(self._http, self._base_url, client, self._tokens.access)).access_token


def _campaign(row: Json) -> RawRecord:
    campaign = row.get("campaign")
    return RawRecord("campaign", RemoteId(str(campaign.get("id", "")) if isinstance(campaign, dict) else ""), row)


def _day(row: Json, reading: days.Reading, *, today: date) -> RawRecord:
    """The row with what it does not say. A row that cannot be understood is kept as it is, for read.py to refuse."""
    known = _campaign_day(row)
    remote_id = f"{known[0]}:{known[1]}" if known else f"unreadable:{msgspec.json.encode(row).decode()[:100]}"
    is_settling = known is not None and reading.is_settling(known[1], today=today)
    return RawRecord("ad_day", RemoteId(remote_id), {"row": row, "is_settling": is_settling})


def _silent(campaign: str, day: date, currency: str, reading: days.Reading, *, today: date) -> RawRecord:
    """A zero for a day that Google had figures for and has no row for now."""
    row = {
        "campaign": {"id": campaign}, "segments": {"date": day.isoformat()}, "customer": {"currencyCode": currency},
        "metrics": {"costMicros": "0", "clicks": "0", "impressions": "0"},
    }  # fmt: skip
    payload = {"row": row, "is_settling": reading.is_settling(day, today=today), "is_absent": True}
    return RawRecord("ad_day", RemoteId(f"{campaign}:{day}"), payload)


def _campaign_day(row: Json) -> days.CampaignDay | None:
    try:
        campaign, text = row["campaign"]["id"], row["segments"]["date"]
        return (campaign, date.fromisoformat(text)) if isinstance(campaign, str) else None
    except (KeyError, TypeError, ValueError):
        return None


def _converted(value: Any, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(value, shape, strict=True)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable("Google's answer has another shape than it documents", where=str(broken)[:200]) from broken


def _title(customer: wire.Customer) -> str:
    """The name, or the id as people know it: 555-010-0001."""
    return customer.descriptive_name or f"{customer.id[:3]}-{customer.id[3:6]}-{customer.id[6:]}"


def _parts(kind: str, remote_id: RemoteId) -> tuple[str, date | None] | None:
    """The campaign, and the day where an ad day is meant; None for what cannot be an id of Google's."""
    campaign, _, text = remote_id.partition(":")
    if kind in ("campaign", "ad_day") and campaign.isascii() and campaign.isdigit():
        if kind == "campaign":
            return None if text else (campaign, None)
        with suppress(ValueError):
            return campaign, date.fromisoformat(text)
    return None


def _customer_id(text: str) -> str:
    digits = text.strip().removeprefix("customers/").replace("-", "")
    if not (digits.isascii() and digits.isdigit()):
        raise Refused(f"{text[:40]!r} is not a Google Ads account's id")
    return digits


def _history(setting: str | None) -> int:
    if setting is None or not setting.strip():
        return HISTORY_DAYS
    if not setting.strip().isascii() or not setting.strip().isdigit() or not 1 <= int(setting) <= MAX_HISTORY_DAYS:
        raise Refused(f"history_days is a whole number of days from 1 to {MAX_HISTORY_DAYS}")
    return int(setting)
