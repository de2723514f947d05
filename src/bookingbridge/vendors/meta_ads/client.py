"""Talking to the Graph API for one ad account: who we are, its campaigns, and what each brought and cost a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Refused, Rejected, Throttled, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach
from bookingbridge.vendorkit import days
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendorkit.paging import Trail
from bookingbridge.vendors.meta_ads import faults, wire
from bookingbridge.vendors.meta_ads.oauth import API_VERSION, SCOPE, appsecret_proof

SETTLING_DAYS = 28
"""Insights may change for 28 days after the day (attribution windows of up to 28 days; Marketing API, 2026-11)."""
HISTORY_DAYS = 396
"""Thirteen months, so that each month has its like of the year before."""
MAX_HISTORY_DAYS = 1120
"""Insights reach back 37 months; earlier starts are refused."""

_STEP = 30
_ROWS = 500
_ACCOUNT_FIELDS = "id,name,currency,timezone_name,account_status"
_CAMPAIGN_FIELDS = "id,name,status,effective_status,updated_time"
_INSIGHTS_FIELDS = "campaign_id,campaign_name,account_currency,spend,clicks,impressions"
# Unless they are asked for, archived and deleted campaigns are left out of the list, while their days stay in Insights.
_ANY_STATUS = '["ACTIVE","PAUSED","ARCHIVED","DELETED","IN_PROCESS","WITH_ISSUES"]'
_ACCOUNT_STATUS = {1: "", 2: "disabled", 3: "unsettled", 7: "pending risk review", 8: "pending settlement",
                   9: "in its grace period", 100: "pending closure", 101: "closed"}  # fmt: skip

_Shape = TypeVar("_Shape")


class MetaClient:
    """A signed-in conversation about one ad account. The token travels in a header, never in an address."""

    def __init__(self, given: Given) -> None:
        self._http: Transport = given.http
        self._root = f"{given.base_url.rstrip('/')}/{API_VERSION}"
        self._token = given.tokens.access
        self._proof = _proof(given)
        self._now = given.now
        self._account_id = None if given.account is None else _account_id(given.account)
        self._reading = days.Reading(SETTLING_DAYS, _STEP, _history(given.settings.get("history_days")))
        self._account: wire.AdAccount | None = None
        self._rest_until: datetime | None = None

    async def check(self) -> Account:
        """The ad account, or while none is chosen who signed in and the accounts to choose from.

        Rejected, with what to do, where the sign-in leads to no ad account at all.
        """
        granted = await self._granted()
        missing = () if SCOPE in granted else (SCOPE,)
        if missing and self._account_id is None:
            raise Rejected("ads_read was not allowed; connect again and leave it ticked", code="scope_missing")
        if missing:
            return Account(RemoteId(str(self._account_id)), str(self._account_id), granted, missing)
        user = _converted(await self._get("me", fields="id,name"), wire.User)
        reached = await self._ad_accounts()
        choices = tuple((RemoteId(a.id), a.name or a.id) for a in reached)
        if (chosen := self._chosen(reached)) is None:
            return Account(RemoteId(user.id), user.name, granted, choices=choices)
        return Account(
            remote_id=RemoteId(chosen.id),
            name=chosen.name or chosen.id,
            granted=granted,
            time_zone=chosen.timezone_name or None,
            currency=chosen.currency or None,
            choices=choices,
            notes=_notes(chosen),
        )

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """`campaigns` is read whole every time; `ad_days` by stretches of 30 days, the unsettled ones every time."""
        if stream == "campaigns":
            reading = self._campaigns(cursor)
        elif stream == "ad_days":
            reading = self._ad_days(cursor, reach)
        else:
            raise Refused(f"Meta has no stream {stream!r}")
        async for page in reading:
            yield page

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        """The campaign, or the campaign's day, as it is now; [] where Meta has the campaign no more."""
        if (parts := _parts(kind, remote_id)) is None:
            return []
        campaign, day = parts
        account = await self._chosen_account()
        try:
            if day is not None:
                return [await self._ad_day(campaign, day, account)]
            return [_campaign(await self._get(campaign, fields=_CAMPAIGN_FIELDS), account.currency)]
        except Rejected as refused:
            if refused.code == faults.NO_SUCH_OBJECT:
                return []
            raise

    async def close(self) -> None:
        """Nothing is held here; the transport is its owner's to close."""

    async def _campaigns(self, cursor: Json | None) -> AsyncIterator[Page]:
        account = await self._chosen_account()
        after = str((cursor or {}).get("after", ""))
        is_resumed, trail = bool(after), Trail("campaigns")
        while True:
            try:
                rows = await self._list(
                    f"{account.id}/campaigns", after, fields=_CAMPAIGN_FIELDS, effective_status=_ANY_STATUS
                )
            except Rejected:
                if not is_resumed:
                    raise
                after, is_resumed = "", False
                continue
            after, is_resumed = _next(rows, trail), False
            records = tuple(_campaign(row, account.currency) for row in rows.data)
            yield Page(records, {"after": after} if after else {}, is_last=not after)
            if not after:
                return

    async def _ad_days(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        account = await self._chosen_account()
        progress = days.load(cursor)
        if progress.run is None:
            today = reach.now.astimezone(times.zone(account.timezone_name)).date()
            progress = days.begin(progress, self._reading, today=today, is_full=reach.is_full)
        is_resumed, trail = True, Trail("days")
        while run := progress.run:
            try:
                rows = await self._insights(account.id, run)
            except Rejected as refused:
                if refused.code == faults.TOO_MUCH and run.step > 1:
                    progress = days.again(progress, step=run.step // 2)
                elif run.token and is_resumed:
                    # A page token lives hours at most; one from an interrupted run may be gone.
                    progress = days.again(progress)
                else:
                    raise
                is_resumed = False
                continue
            is_resumed = False
            page, progress = self._day_page(progress, run, rows, account, trail)
            yield page

    def _day_page(
        self, progress: days.Progress, run: days.Run, rows: wire.Rows, account: wire.AdAccount, trail: Trail
    ) -> tuple[Page, days.Progress]:
        """What one answer brought, the days that fell silent where it ends a stretch, and where reading stands then."""
        records = [_day(row, self._reading, today=run.until) for row in rows.data]
        progress = days.met(progress, self._reading, filter(None, map(_campaign_day, rows.data)))
        if token := _next(rows, trail, at=f"{run.at} {run.step}"):
            progress = days.turned(progress, token)
        else:
            for campaign, day in days.vanished(progress):
                records.append(_silent(campaign, day, account.currency, self._reading, today=run.until))
            progress = days.ended(progress)
        return Page(tuple(records), days.dump(progress), is_last=progress.run is None), progress

    async def _ad_day(self, campaign: str, day: date, account: wire.AdAccount) -> RawRecord:
        rows = await self._insights(campaign, days.Run(day, day, day, 1))
        today = self._now().astimezone(times.zone(account.timezone_name)).date()
        if rows.data:
            return _day(rows.data[0], self._reading, today=today)
        return _silent(campaign, day, account.currency, self._reading, today=today)

    async def _insights(self, owner: str, run: days.Run) -> wire.Rows:
        first, last = run.stretch
        return await self._list(
            f"{owner}/insights",
            run.token,
            fields=_INSIGHTS_FIELDS,
            level="campaign",
            time_increment="1",
            time_range=f'{{"since":"{first}","until":"{last}"}}',
        )

    async def _chosen_account(self) -> wire.AdAccount:
        """The chosen account's currency and calendar, asked once."""
        if self._account is None:
            if self._account_id is None:
                raise Refused("choose an ad account first")
            self._account = _converted(await self._get(self._account_id, fields=_ACCOUNT_FIELDS), wire.AdAccount)
        return self._account

    async def _granted(self) -> tuple[str, ...]:
        rows = await self._list("me/permissions", "")
        held = [_converted(row, wire.Permission) for row in rows.data]
        return tuple(sorted(p.permission for p in held if p.status == "granted"))

    async def _ad_accounts(self) -> list[wire.AdAccount]:
        found: list[wire.AdAccount] = []
        after, trail = "", Trail("ad accounts")
        while True:
            rows = await self._list("me/adaccounts", after, fields=_ACCOUNT_FIELDS)
            found += [_converted(row, wire.AdAccount) for row in rows.data]
            if not (after := _next(rows, trail)):
                return found

    def _chosen(self, reached: list[wire.AdAccount]) -> wire.AdAccount | None:
        if not reached:
            raise Rejected(
                "this sign-in reaches no ad account; ask for access to one in Meta Business Settings",
                code="no_ad_account",
            )
        if self._account_id is None:
            return reached[0] if len(reached) == 1 else None
        if chosen := next((a for a in reached if a.id == self._account_id), None):
            return chosen
        raise Rejected(f"this sign-in does not reach the ad account {self._account_id}", code="account_out_of_reach")

    async def _list(self, path: str, after: str, **params: str) -> wire.Rows:
        limit = None if path == "me/permissions" else str(_ROWS)
        return _converted(await self._get(path, limit=limit, after=after or None, **params), wire.Rows)

    async def _get(self, path: str, **params: str | None) -> Json:
        """The answer's object. Throttled at once while a former answer still asks for rest."""
        if self._rest_until is not None and self._now() < self._rest_until:
            raise Throttled("Meta asks us to slow down", until=self._rest_until, code="resting")
        answer = await self._http.send(
            "GET",
            f"{self._root}/{path}",
            headers={"authorization": f"Bearer {self._token}"},
            params=params | {"appsecret_proof": self._proof},
        )
        now = self._now()
        self._rest_until = faults.rest_until(answer.headers, now=now)
        if not answer.is_ok:
            raise faults.fault(answer.status, answer.headers, answer.body, now=now)
        return answer.object()


def _campaign(row: Json, currency: str) -> RawRecord:
    return RawRecord("campaign", RemoteId(str(row.get("id", ""))), {"campaign": row, "currency": currency})


def _day(row: Json, reading: days.Reading, *, today: date) -> RawRecord:
    """The row with what it does not say. A row that cannot be understood is kept as it is, for read.py to refuse."""
    known = _campaign_day(row)
    remote_id = f"{known[0]}:{known[1]}" if known else f"{row.get('campaign_id', '')}:{row.get('date_start', '')}"
    is_settling = known is not None and reading.is_settling(known[1], today=today)
    return RawRecord("ad_day", RemoteId(remote_id), {"row": row, "is_settling": is_settling})


def _silent(campaign: str, day: date, currency: str, reading: days.Reading, *, today: date) -> RawRecord:
    """A zero for a day that Meta had figures for and has no row for now."""
    row = {"campaign_id": campaign, "account_currency": currency, "spend": "0", "clicks": "0", "impressions": "0",
           "date_start": day.isoformat(), "date_stop": day.isoformat()}  # fmt: skip
    is_settling = reading.is_settling(day, today=today)
    payload = {"row": row, "is_settling": is_settling, "is_absent": True}
    return RawRecord("ad_day", RemoteId(f"{campaign}:{day}"), payload)


def _campaign_day(row: Json) -> days.CampaignDay | None:
    campaign, start = row.get("campaign_id"), row.get("date_start")
    if not isinstance(campaign, str) or not isinstance(start, str):
        return None
    try:
        return campaign, date.fromisoformat(start)
    except ValueError:
        return None


def _next(rows: wire.Rows, trail: Trail, *, at: str = "") -> str:
    """The token of the page that follows, empty on the last. `at` tells lists apart that share tokens.

    Meta's own `next` address is not followed: it carries the access token, and it could lead anywhere.
    """
    if rows.paging.next is None:
        return ""
    if not (after := rows.paging.cursors.after):
        raise Unreadable("Meta names a next page and no cursor for it", where="paging")
    trail.step(f"{at} {after}")
    return after


def _converted(value: Any, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(value, shape, strict=True)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable("Meta's answer has another shape than it documents", where=str(broken)[:200]) from broken


def _notes(chosen: wire.AdAccount) -> tuple[str, ...]:
    state = _ACCOUNT_STATUS.get(chosen.account_status, "not active")
    return (f"Meta says the ad account is {state}. Its figures can still be read.",) if state else ()


def _parts(kind: str, remote_id: RemoteId) -> tuple[str, date | None] | None:
    """The campaign, and the day where an ad day is meant; None for what cannot be an id of Meta's."""
    campaign, _, text = remote_id.partition(":")
    if kind in ("campaign", "ad_day") and campaign.isascii() and campaign.isdigit():
        if kind == "campaign":
            return None if text else (campaign, None)
        with suppress(ValueError):
            return campaign, date.fromisoformat(text)
    return None


def _account_id(account: RemoteId) -> str:
    digits = account.removeprefix("act_")
    if not (digits.isascii() and digits.isdigit()):
        raise Refused(f"{account[:40]!r} is not an ad account's id")
    return f"act_{digits}"


def _proof(given: Given) -> str | None:
    """The proof that came with the token, or one made of a pasted app secret; None where the host knows no secret."""
    extra = given.tokens.extra
    if secret := extra.get("app_secret"):
        return appsecret_proof(secret, given.tokens.access)
    return extra.get("appsecret_proof")


def _history(setting: str | None) -> int:
    if setting is None or not setting.strip():
        return HISTORY_DAYS
    if not setting.strip().isascii() or not setting.strip().isdigit() or not 1 <= int(setting) <= MAX_HISTORY_DAYS:
        raise Refused(f"history_days is a whole number of days from 1 to {MAX_HISTORY_DAYS}")
    return int(setting)
