"""A stand-in for Google: its consent page and tokens, and the Google Ads API's search in Google's own words.

    create_app(now=…, base_url=…, config={"client_id": "…", "client_secret": "…"})

Beside what vendorkit.simulation answers under /_sim, and the world sim_world describes:

    POST /_sim/adjust   {"campaign": "71001", "day": "2026-11-10", "spend": "11.00", "clicks": 30}: a late correction;
                        {"campaign", "day", "percent": "3"} corrects every day from then on; {"is_gone": true} takes
                        the day's row away
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind, is_page_withheld
from bookingbridge.vendorkit.simulated_google import Login, Wording
from bookingbridge.vendorkit.simulation import CONTROL, Simulation, refusal_headers
from bookingbridge.vendors.google_ads.client import API_VERSION
from bookingbridge.vendors.google_ads.oauth import SCOPE
from bookingbridge.vendors.google_ads.sim_gaql import Refusal
from bookingbridge.vendors.google_ads.sim_report import report
from bookingbridge.vendors.google_ads.sim_world import Account, World

CLIENT_ID, CLIENT_SECRET = "simulated-app", "simulated-secret"
STARTER_TOKEN = "1//0simulated"  # noqa: S105 - opens nothing but the simulator

_MEANING = {SCOPE: "See, edit, create and delete your Google Ads accounts and data"}
_TOKEN_LIVES = timedelta(hours=2)
_FAILURE = f"type.googleapis.com/google.ads.googleads.{API_VERSION}.errors.GoogleAdsFailure"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_SEARCH_FIELDS = {"query", "pageToken", "pageSize", "validateOnly", "searchSettings", "customerId"}


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """The simulated Google as an ASGI app. It knows one client: the client_id and client_secret of `config`."""
    return GoogleAdsSimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    return {"refresh_token": STARTER_TOKEN, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class GoogleAdsSimulation(Simulation):
    """One simulated Google: sign-in, tokens and the Google Ads API on one host."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.client_id = config.get("client_id") or CLIENT_ID
        self.client_secret = config.get("client_secret") or CLIENT_SECRET
        self.clear()

    def routes(self) -> Sequence[BaseRoute]:
        wording = Wording(_MEANING, "Your Google Ads accounts:", self._invited_to)
        login = Login(self.client_id, self.client_secret, lambda: self.world, self.now, wording)
        return [
            Route(f"{CONTROL}/adjust", self._adjust, methods=["POST"]),
            *login.routes(),
            Route(f"/{API_VERSION}/customers:listAccessibleCustomers", self._accessible),
            Route(f"/{API_VERSION}/customers/{{customer}}/googleAds:search", self._search, methods=["POST"]),
            Route(f"/{API_VERSION}/customers/{{customer}}/googleAds:searchStream", self._stream, methods=["POST"]),
        ]

    def _invited_to(self) -> list[tuple[str, str]]:
        return [(a.name or a.id, a.id) for a in self.world.accounts.values() if a.is_direct]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        return self.world.load(world, scope=SCOPE)

    def clear(self) -> None:
        self.world = World(self.client_secret)
        self.world.know("ya29.simulated", STARTER_TOKEN, {SCOPE})

    def refusal(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.THROTTLED:
            delay = f"{fault.retry_after or 30}s"
            return _refused(_quota("RESOURCE_TEMPORARILY_EXHAUSTED", delay), refusal_headers(fault))
        error = {"code": 500, "message": "Internal error encountered.", "status": "INTERNAL"}
        return JSONResponse({"error": error}, status_code=500)

    async def _adjust(self, request: Request) -> Response:
        return JSONResponse(self.world.adjust(_object(await request.body())))

    async def _accessible(self, request: Request) -> Response:
        try:
            self._signed_in(request)
        except _Refused as refused:
            return refused.response
        direct = [f"customers/{a.id}" for a in self.world.accounts.values() if a.is_direct]
        return JSONResponse({"resourceNames": direct} if direct else {})

    async def _search(self, request: Request) -> Response:
        """A page of rows and the token of the next."""
        try:
            account, body = await self._asked(request)
            rows, mask = self._rows(account, body)
            start, turn = self._start(body)
        except _Refused as refused:
            return refused.response
        withheld = is_page_withheld(request.scope)
        shown = [] if withheld else rows[start : start + self.world.rules.page_rows]
        end = start + len(shown)
        answer: Json = {"results": shown} if shown else {}
        if end < len(rows):
            # A page withheld again gives another token first and then an old one: only an endless list is a circle.
            answer["nextPageToken"] = self._page_token(body, end, (turn % 2) + 1 if withheld else 0)
        if (body.get("searchSettings") or {}).get("returnTotalResultsCount"):
            answer["totalResultsCount"] = str(len(rows))
        return JSONResponse(answer | {"fieldMask": mask, "queryResourceConsumption": "949"})

    async def _stream(self, request: Request) -> Response:
        """All rows, in an array of batches; also a refusal comes inside an array."""
        try:
            account, body = await self._asked(request)
            if "pageToken" in body or "pageSize" in body:
                _raise(_unknown_field("pageToken"))
            rows, mask = self._rows(account, body)
        except _Refused as refused:
            held = msgspec.json.decode(bytes(refused.response.body))
            return JSONResponse([held], status_code=refused.response.status_code)
        size = self.world.rules.page_rows
        about = {"fieldMask": mask, "requestId": "simulatedRequest00001"}
        batches: list[Json] = [{"results": rows[i : i + size], **about} for i in range(0, len(rows), size)] or [about]
        if is_page_withheld(request.scope):
            batches.insert(0, about)
        batches[-1] = batches[-1] | {"queryResourceConsumption": "949"}
        return JSONResponse(batches)

    async def _asked(self, request: Request) -> tuple[Account, Json]:
        """The account that is meant and the request's body, when this person may ask and the project has quota."""
        self._signed_in(request)
        account = self._account(request.path_params["customer"], request.headers.get("login-customer-id"))
        try:
            body = _object(await request.body())
        except Unreadable:
            _raise(_plain(400, "INVALID_ARGUMENT", "Invalid JSON payload received."))
        if unknown := sorted(set(body) - _SEARCH_FIELDS):
            _raise(_unknown_field(unknown[0]))
        if self.world.rules.is_test_project and not account.is_test:
            _raise(_ads("authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", 403))
        if "pageToken" not in body and not self.world.operate(now=self.now()):
            _raise(_quota("RESOURCE_EXHAUSTED", "3600s"))
        return account, body

    def _signed_in(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "Request is missing required authentication credential. Expected OAuth 2 access token."
            _raise(_plain(401, "UNAUTHENTICATED", message, "CREDENTIALS_MISSING"))
        consent, ends, _ = self.world.accesses.get(token, (None, None, ""))
        if consent is None or (ends is not None and self.now() >= ends):
            message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            _raise(_plain(401, "UNAUTHENTICATED", message, "ACCESS_TOKEN_EXPIRED" if consent else ""))
        if SCOPE not in consent.scopes:
            message = "Request had insufficient authentication scopes."
            _raise(_plain(403, "PERMISSION_DENIED", message, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"))

    def _account(self, customer: str, login: str | None) -> Account:
        """The customer, reached directly or through the manager named in login-customer-id."""
        if not customer.isdigit():
            _raise(_ads("requestError", "INVALID_CUSTOMER_ID", 400))
        root = self.world.accounts.get(login or customer)
        if root is None or not root.is_direct or customer not in {a.id for a, _ in self.world.below(root.id)}:
            _raise(_ads("authorizationError", "USER_PERMISSION_DENIED", 403))
        account = self.world.accounts[customer]
        if account.status != "ENABLED":
            _raise(_ads("authorizationError", "CUSTOMER_NOT_ENABLED", 403))
        return account

    def _rows(self, account: Account, body: Json) -> tuple[list[Json], str]:
        today = self.now().astimezone(times.zone(account.time_zone)).date()
        try:
            return report(str(body.get("query", "")), self.world, account, today=today)
        except Refusal as refusal:
            _raise(_ads(refusal.kind, refusal.name, refusal.status, refusal.message))

    def _start(self, body: Json) -> tuple[int, int]:
        """Where the page begins. The token is bound to the very query, and lives for two hours."""
        if "pageSize" in body:
            _raise(_ads("requestError", "PAGE_SIZE_NOT_SUPPORTED", 400))
        if not body.get("pageToken"):
            return 0, 0
        try:
            parts = base64.urlsafe_b64decode(str(body["pageToken"])).decode().split(".")
            digest, offset, turn, issued = parts[0], int(parts[1]), int(parts[2]), int(parts[3])
        except (ValueError, IndexError):
            _raise(_ads("requestError", "INVALID_PAGE_TOKEN", 400))
        if digest != _digest(body):
            _raise(_ads("requestError", "INVALID_PAGE_TOKEN", 400, "The page token belongs to another query."))
        if self.now().timestamp() - issued >= _TOKEN_LIVES.total_seconds():
            _raise(_ads("requestError", "EXPIRED_PAGE_TOKEN", 400))
        return offset, turn

    def _page_token(self, body: Json, offset: int, turn: int) -> str:
        token = f"{_digest(body)}.{offset}.{turn}.{int(self.now().timestamp())}"
        return base64.urlsafe_b64encode(token.encode()).decode()


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__("refused")
        self.response = response


def _raise(error: tuple[int, Json]) -> NoReturn:
    raise _Refused(_refused(error))


def _refused(error: tuple[int, Json], headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": error[1]}, status_code=error[0], headers=dict(headers or {}))


def _ads(kind: str, name: str, status: int, message: str = "", details: Json | None = None) -> tuple[int, Json]:
    """An error of the Google Ads API proper."""
    word = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}[
        status
    ]
    entry: Json = {"errorCode": {kind: name}, "message": message or name.replace("_", " ").capitalize() + "."}
    if details:
        entry["details"] = details
    failure = {"@type": _FAILURE, "errors": [entry], "requestId": "simulatedRequest00001"}
    sentence = "The caller does not have permission" if status == 403 else "Request contains an invalid argument."
    return status, {"code": status, "message": sentence, "status": word, "details": [failure]}


def _quota(name: str, delay: str) -> tuple[int, Json]:
    scope = {"rateScope": "DEVELOPER", "rateName": "Number of operations", "retryDelay": delay}
    return _ads("quotaError", name, 429, "Too many requests.", {"quotaErrorDetails": scope})


def _plain(status: int, word: str, message: str, reason: str = "") -> tuple[int, Json]:
    """An error from in front of the Google Ads API."""
    error: Json = {"code": status, "message": message, "status": word}
    if reason:
        error["details"] = [{"@type": _ERROR_INFO, "reason": reason, "domain": "googleapis.com"}]
    return status, error


def _unknown_field(name: str) -> tuple[int, Json]:
    return _plain(400, "INVALID_ARGUMENT", f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')


def _digest(body: Json) -> str:
    return hashlib.sha256(str(body.get("query", "")).encode()).hexdigest()[:12]


def _object(body: bytes) -> Json:
    """The JSON object. Unreadable when it is none."""
    try:
        held = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
        raise Unreadable("the body is not JSON") from broken
    if not isinstance(held, dict):
        raise Unreadable("the body is not a JSON object")
    return held
