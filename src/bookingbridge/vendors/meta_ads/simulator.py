"""A stand-in for Meta: its sign-in dialog, tokens, ad accounts, campaigns and Insights, in the Graph API's own words.

    create_app(now=…, base_url=…, config={"client_id": "…", "client_secret": "…"})

Beside what vendorkit.simulation answers under /_sim, and the world sim_world describes:

    POST /_sim/adjust   {"campaign": "23001", "day": "2026-11-10", "spend": "11.00", "clicks": 30}: a late correction;
                        {"campaign", "day", "percent": "3"} corrects every day from then on; {"is_gone": true} takes
                        the day's row away
    POST /_sim/status   {"campaign": "23001", "status": "PAUSED"}: told to a webhook's subscriber, when there is one
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.simulated_deliveries import Outgoing
from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind, is_page_withheld
from bookingbridge.vendorkit.simulation import CONTROL, Simulation
from bookingbridge.vendors.meta_ads import sim_graph
from bookingbridge.vendors.meta_ads.oauth import API_VERSION, SCOPE
from bookingbridge.vendors.meta_ads.sim_graph import Params, answering
from bookingbridge.vendors.meta_ads.sim_insights import insights
from bookingbridge.vendors.meta_ads.sim_login import Login
from bookingbridge.vendors.meta_ads.sim_world import (
    Account,
    Campaign,
    Grant,
    Refusal,
    StatusGiven,
    World,
    object_of,
    shaped,
)

APP_ID, APP_SECRET = "simulated-app", "simulated-secret"
STARTER_TOKEN = "EAABsimulated"  # noqa: S105 - opens nothing but the simulator

_LISTED = ("ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES")


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """The simulated Meta as an ASGI app. It knows one app: the client_id and client_secret of `config`."""
    return MetaSimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    return {"access_token": STARTER_TOKEN}


class MetaSimulation(Simulation):
    """One simulated Graph API."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.app_id = config.get("client_id") or APP_ID
        self.app_secret = config.get("client_secret") or APP_SECRET
        self.clear()
        self._told = 0

    def routes(self) -> Sequence[BaseRoute]:
        login = Login(self.app_id, self.app_secret, lambda: self.world, self.now)
        root = f"/{API_VERSION}"
        return [
            Route(f"{CONTROL}/adjust", self._adjust, methods=["POST"]),
            Route(f"{CONTROL}/status", self._set_status, methods=["POST"]),
            Route(f"{root}/dialog/oauth", login.dialog, methods=["GET", "POST"]),
            Route(f"{root}/oauth/access_token", answering(login.token), methods=["GET", "POST"]),
            Route(f"{root}/me", answering(self._me)),
            Route(f"{root}/me/permissions", answering(self._permissions), methods=["GET", "DELETE"]),
            Route(f"{root}/me/adaccounts", answering(self._ad_accounts)),
            Route(f"{root}/{{node}}/subscriptions", answering(self._subscribe), methods=["POST"]),
            Route(f"{root}/{{node}}", answering(self._node)),
            Route(f"{root}/{{node}}/{{edge}}", answering(self._edge)),
            Route("/{path:path}", answering(self._unknown)),
        ]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        return self.world.load(world, now=self.now())

    def clear(self) -> None:
        self.world = World(self.app_secret)
        self.world.tokens[STARTER_TOKEN] = Grant({SCOPE}, None)
        self.callback = ""

    def refusal(self, fault: Fault) -> Response:
        """Meta throttles with 400 and a code, and names the minutes in a header; it has no Retry-After."""
        if fault.kind is FaultKind.THROTTLED:
            minutes = 0 if fault.retry_after is None else max(1, -(-fault.retry_after // 60))
            headers = sim_graph.usage("0", "ads_insights", 100, minutes)
            return sim_graph.refused(Refusal(17, "User request limit reached", subcode=2446079), headers)
        message = "An unexpected error has occurred. Please retry your request later."
        return sim_graph.refused(Refusal(2, message, status=500))

    async def _me(self, request: Request) -> Response:
        params, _, _ = await self._asked(request)
        person = {"id": self.world.person.id, "name": self.world.person.name}
        return JSONResponse(sim_graph.fields_of(params if "fields" in params else {"fields": "name"}, person, "User"))

    async def _permissions(self, request: Request) -> Response:
        _, token, grant = await self._asked(request)
        if request.method == "DELETE":
            del self.world.tokens[token]
            return JSONResponse({"success": True})
        declined = {"ads_read"} - grant.permissions
        held = [{"permission": p, "status": "granted"} for p in sorted(grant.permissions)]
        return JSONResponse({"data": held + [{"permission": p, "status": "declined"} for p in sorted(declined)]})

    async def _ad_accounts(self, request: Request) -> Response:
        params, token, grant = await self._asked(request)
        self._may_read_ads(grant)
        return self._page(request, list(self.world.accounts.values()), params, token, "AdAccount")

    async def _node(self, request: Request) -> Response:
        params, _, grant = await self._asked(request)
        found = self._found(request.path_params["node"])
        self._may_read_ads(grant)
        headers = self._counted(request, found, "ads_management")
        kind = "AdAccount" if isinstance(found, Account) else "Campaign"
        return JSONResponse(sim_graph.fields_of(params, object_of(found), kind), headers=headers)

    async def _edge(self, request: Request) -> Response:
        params, token, grant = await self._asked(request)
        found, edge = self._found(request.path_params["node"]), request.path_params["edge"]
        self._may_read_ads(grant)
        if edge == "campaigns" and isinstance(found, Account):
            headers = self._counted(request, found, "ads_management")
            listed = _with_status(found, params.get("effective_status"))
            return self._page(request, listed, params, token, "Campaign", headers)
        if edge == "insights":
            headers = self._counted(request, found, "ads_insights")
            rows = self._insights(found, params)
            withheld = is_page_withheld(request.scope)
            held = sim_graph.page_of(request, rows, params, token, is_withheld=withheld)
            return JSONResponse(held, headers=headers)
        raise Refusal(100, f"(#100) Tried accessing nonexisting field ({edge}) on node")

    async def _subscribe(self, request: Request) -> Response:
        """An app's webhook: the address is asked first whether it wants this, as Meta asks."""
        params = await sim_graph.params_of(request)
        if request.path_params["node"] != self.app_id or params.get("access_token") != (
            f"{self.app_id}|{self.app_secret}"
        ):
            raise Refusal(15, "(#15) This method must be called with an app access_token.")
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": params.get("verify_token", ""),
        }
        try:
            async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
                said = await client.get(params.get("callback_url", ""), params=asked)
        except (httpx2.HTTPError, httpx2.InvalidURL) as failed:
            raise Refusal(2200, "(#2200) Callback verification failed: the URL could not be reached") from failed
        if said.status_code != 200 or said.text != asked["hub.challenge"]:
            raise Refusal(2200, f"(#2200) Callback verification failed: HTTP status {said.status_code}, wrong response")
        self.callback = params["callback_url"]
        return JSONResponse({"success": True})

    async def _unknown(self, request: Request) -> Response:
        raise Refusal(2500, f"Unknown path components: {request.url.path}")

    async def _adjust(self, request: Request) -> Response:
        return JSONResponse(self.world.adjust(sim_graph.json_order(await request.body())))

    async def _set_status(self, request: Request) -> Response:
        told = shaped(sim_graph.json_order(await request.body()), StatusGiven)
        if (campaign := self.world.campaign(told.campaign)) is None:
            raise Unreadable(f"there is no campaign {told.campaign[:40]!r}")
        campaign.status, campaign.updated = told.status, self.now()
        if self.callback:
            self._tell(campaign)
        return JSONResponse({"told": bool(self.callback)})

    def _tell(self, campaign: Campaign) -> None:
        """A campaign left IN_PROCESS, or has issues: the two changes Meta tells of."""
        name = "with_issues_ad_objects" if campaign.status == "WITH_ISSUES" else "in_process_ad_objects"
        value = {"id": campaign.id, "level": "CAMPAIGN", "status_name": campaign.status}
        entry = {
            "id": campaign.account,
            "time": int(self.now().timestamp()),
            "changes": [{"field": name, "value": value}],
        }
        body = json.dumps({"object": "ad_account", "entry": [entry]}).replace("/", "\\/").encode()
        self._told += 1
        headers = {
            "content-type": "application/json",
            "x-hub-signature-256": f"sha256={signatures.sign_hex(self.app_secret, body)}",
        }
        self.deliveries.send(Outgoing(str(self._told), self.callback, body, headers))

    async def _asked(self, request: Request) -> tuple[Params, str, Grant]:
        params = await sim_graph.params_of(request)
        token, grant = sim_graph.signed_in(request, params, self.world, app_secret=self.app_secret, now=self.now())
        return params, token, grant

    def _may_read_ads(self, grant: Grant) -> None:
        if not grant.permissions & {"ads_read", "ads_management"}:
            message = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
            raise Refusal(200, message, status=403)

    def _found(self, node: str) -> Account | Campaign:
        account = self.world.accounts.get(node.removeprefix("act_")) if node.startswith("act_") else None
        if found := account or self.world.campaign(node):
            return found
        message = f"Unsupported get request. Object with ID '{node}' does not exist, cannot be loaded due to missing"
        message += " permissions, or does not support this operation."
        raise Refusal(100, message, subcode=33, kind="GraphMethodException")

    def _counted(self, request: Request, found: Account | Campaign, kind: str) -> dict[str, str]:
        """The usage headers, with this call counted. Refusal when the hour's allowance is used up."""
        account = found.id if isinstance(found, Account) else found.account
        per_cent, minutes = self.world.call(account, now=self.now())
        headers = sim_graph.usage(account, kind, per_cent, minutes)
        request.scope["usage"] = headers
        if minutes:
            code = 80000 if kind == "ads_insights" else 80004
            message = f"(#{code}) There have been too many calls from this ad-account. Wait a bit and try again."
            raise Refusal(code, message, subcode=2446079)
        return headers

    def _insights(self, found: Account | Campaign, params: Params) -> list[Json]:
        is_account = isinstance(found, Account)
        account = found if isinstance(found, Account) else self.world.accounts[found.account]
        held = list(account.campaigns.values()) if isinstance(found, Account) else [found]
        today = self._today(account)
        rows = insights(account, held, params, today=today, level="account" if is_account else "campaign")
        if len(rows) > self.world.rules.rows_per_query:
            message = "Please reduce the amount of data you're asking for, then retry your request"
            raise Refusal(100, message, subcode=1487534)
        return rows

    def _today(self, account: Account) -> date:
        return self.now().astimezone(times.zone(account.time_zone)).date()

    def _page(
        self, request: Request, nodes: Sequence[Account | Campaign], params: Params, token: str, kind: str,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        rows = [sim_graph.fields_of(params, object_of(node), kind) for node in nodes]
        held = sim_graph.page_of(request, rows, params, token, is_withheld=is_page_withheld(request.scope))
        return JSONResponse(held, headers=dict(headers or {}))


def _with_status(account: Account, asked: str | None) -> list[Campaign]:
    """Archived and deleted campaigns are shown only to who asks for them."""
    if asked is None:
        wanted: Sequence[Any] = _LISTED
    else:
        try:
            wanted = json.loads(asked)
        except ValueError as broken:
            raise Refusal(100, "(#100) Param effective_status must be an array.") from broken
        if not isinstance(wanted, list):
            raise Refusal(100, "(#100) Param effective_status must be an array.")
    return [c for c in account.campaigns.values() if c.status in wanted]
