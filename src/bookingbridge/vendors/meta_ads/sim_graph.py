"""The Graph API's manners: errors, tokens, fields, pages with cursors, and the headers that tell how much was used."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.meta_ads.sim_world import Grant, Refusal, World

Params = dict[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]

_PAGE, _LARGEST_PAGE = 25, 5000


def refused(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    """The refusal in Meta's envelope."""
    error: Json = {"message": refusal.message, "type": refusal.kind, "code": refusal.code}
    if refusal.subcode:
        error["error_subcode"] = refusal.subcode
    if refusal.code in (1, 2):
        error["is_transient"] = True
    error["fbtrace_id"] = "AbSimulatedTrace0000001"
    return JSONResponse({"error": error}, status_code=refusal.status, headers=dict(headers or {}))


def answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with every Refusal told in Meta's envelope."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return refused(refusal, request.scope.get("usage"))

    return answered


async def params_of(request: Request) -> Params:
    """Query and form together: the Graph API takes either."""
    params = dict(request.query_params)
    if request.method == "POST":
        params |= dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    return params


def signed_in(request: Request, params: Params, world: World, *, app_secret: str, now: datetime) -> tuple[str, Grant]:
    """The token and what it allows. Refusal 190 where it is none of ours or over, 100 where the proof is wrong."""
    scheme, _, held = request.headers.get("authorization", "").partition(" ")
    token = held.strip() if scheme.lower() in ("bearer", "oauth") and held else params.get("access_token", "")
    if not token:
        raise Refusal(104, "An access token is required to request this resource.")
    grant = world.tokens.get(token)
    if grant is None:
        raise Refusal(190, f"Malformed access token {token}")
    if grant.expires_at is not None and now >= grant.expires_at:
        when = grant.expires_at.strftime("%A, %d-%b-%y %H:%M:%S UTC")
        message = f"Error validating access token: Session has expired on {when}."
        raise Refusal(190, message, subcode=463, status=401)
    _check_proof(params.get("appsecret_proof"), token, app_secret, is_required=world.rules.requires_proof)
    return token, grant


def _check_proof(proof: str | None, token: str, app_secret: str, *, is_required: bool) -> None:
    if proof is None and is_required:
        message = "API calls from the server require an appsecret_proof argument"
        raise Refusal(100, message, kind="GraphMethodException")
    if proof is not None and not signatures.is_hex_of(proof, app_secret, token.encode()):
        raise Refusal(100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")


def fields_of(params: Params, held: Json, node: str) -> Json:
    """The asked fields of a node, and always its id. Refusal for a field the node does not have."""
    wanted = [name for name in params.get("fields", "").split(",") if name]
    for name in wanted:
        if name not in held:
            raise Refusal(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")
    return {name: held[name] for name in dict.fromkeys([*wanted, "id"])}


def page_of(request: Request, rows: Sequence[Json], params: Params, token: str, *, is_withheld: bool) -> Json:
    """One page of the rows, with cursors. A withheld page is empty and leads to where it should have begun."""
    start, turn = _start(params.get("after"))
    limit = _limit(params.get("limit"))
    shown = [] if is_withheld else rows[start : start + limit]
    end = start + len(shown)
    if not shown and not is_withheld:
        return {"data": [], "paging": {}} if "after" not in params else {"data": []}
    # A page withheld again gives another cursor first and then an old one, so that only an endless list is a circle.
    after = _cursor(end, (turn % 2) + 1 if is_withheld else 0)
    paging: Json = {"cursors": {"before": _cursor(start, 0), "after": after}}
    if end < len(rows):
        # The real one carries the token too: whoever logs or follows it gives the token away.
        query = urlencode({**params, "access_token": token, "limit": str(limit), "after": after})
        paging["next"] = f"{request.url.replace(query='')}?{query}"
    return {"data": shown, "paging": paging}


def usage(account: str, kind: str, per_cent: int, minutes: int) -> dict[str, str]:
    """The headers that tell how much of the allowances is used."""
    entry = {
        "type": kind, "call_count": per_cent, "total_cputime": per_cent // 4, "total_time": per_cent // 4,
        "estimated_time_to_regain_access": minutes, "ads_api_access_tier": "standard_access",
    }  # fmt: skip
    app = {"call_count": per_cent // 10, "total_cputime": per_cent // 20, "total_time": per_cent // 20}
    headers = {"x-business-use-case-usage": json.dumps({account: [entry]}), "x-app-usage": json.dumps(app)}
    if kind == "ads_insights":
        shares = {"app_id_util_pct": per_cent // 10, "acc_id_util_pct": per_cent}
        tier = {"ads_api_access_tier": "standard_access"}
        headers["x-fb-ads-insights-throttle"] = json.dumps(shares | tier)
    return headers


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise Refusal(100, "(#100) param limit must be a positive number")
    return int(text)


def _cursor(offset: int, turn: int) -> str:
    """Opaque, in Meta's way: base64 with ZD for the padding."""
    text = f"{offset}.{turn}" if turn else str(offset)
    return base64.urlsafe_b64encode(text.encode()).decode().replace("=", "ZD")


def _start(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    try:
        offset, _, turn = base64.urlsafe_b64decode(cursor.replace("ZD", "=")).decode().partition(".")
        return int(offset), int(turn or 0)
    except ValueError as broken:
        raise Refusal(100, "(#100) Invalid cursors values. Please check the after value") from broken


def json_order(body: bytes) -> dict[str, Any]:
    """The object ordered under /_sim; an empty one where it is none."""
    try:
        held = json.loads(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
