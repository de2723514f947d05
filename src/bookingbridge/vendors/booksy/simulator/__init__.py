"""A simulated Booksy: the partner API over HTTP, and a mailbox that holds its mails, over IMAP.

Built from a third party's capture of the partner documentation (version 0.3), never compared with Booksy itself: every
answer says so in the header X-Simulated. Beside what all simulators have:

    GET  /_sim/partner   the partner's id, name and private key, to sign in with
    GET  /_sim/mailbox   host, user and password of the mailbox
    POST /_sim/mails     {"what": "new", "name": ..., "starts": "2026-11-24T15:00", "was": ..., "number": ...}: a mail
    POST /_sim/mails/raw {"raw": ...}: any mail; POST /_sim/mails/renumber: as after a restore, all ids are new
    POST /_sim/webhooks  {"url": ...}: notifications of appointments go there
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx2
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.mail_simulated import MailServer
from bookingbridge.vendorkit.simulated_deliveries import Outgoing
from bookingbridge.vendorkit.simulated_faults import Fault, is_page_withheld
from bookingbridge.vendorkit.simulation import CONTROL, Simulation, refusal_headers, refusal_status
from bookingbridge.vendors.booksy.simulator import letters, signing
from bookingbridge.vendors.booksy.simulator.shop import Fixed, Object, Shop, Taken, loaded

USER, PASSWORD = "shop@example.com", "simulated-app-password"
MARK = {"X-Simulated": "built from a third-party capture of the partner documentation, unverified"}


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """The simulator, ready to be served at `base_url`."""
    return Booksy(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the mailbox beside the simulator at `base_url` opens; {} while it does not answer."""
    try:
        box = httpx2.get(f"{base_url}{CONTROL}/mailbox", timeout=3, trust_env=False).raise_for_status().json()
        return {"address": box["user"], "host": box["host"], "password": box["password"]}
    except (httpx2.HTTPError, ValueError, KeyError):
        return {}


class Booksy(Simulation):
    """The partner API's paths as captured, and the mailbox beside it."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.shops: dict[int, Shop] = {}
        self.partner = signing.Partner(self.now, config.get("client_id", ""))
        self.mail = MailServer(USER, PASSWORD, now=self.now, fault=self._mail_fault)
        self.webhooks_to = ""
        self._port = 0
        self._sent = 0

    def app(self) -> Starlette:
        made = super().app()
        inner = made.router.lifespan_context

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            self._port = await self.mail.start()
            try:
                async with inner(app):
                    yield
            finally:
                await self.mail.stop()

        made.router.lifespan_context = lifespan
        return made

    def routes(self) -> Sequence[BaseRoute]:
        own = "/business/{business:int}"
        return [
            Route(f"{CONTROL}/partner", self._partner),
            Route(f"{CONTROL}/mailbox", self._mailbox),
            Route(f"{CONTROL}/mails", self._mail, methods=["POST"]),
            Route(f"{CONTROL}/mails/raw", self._raw_mail, methods=["POST"]),
            Route(f"{CONTROL}/mails/renumber", self._renumber, methods=["POST"]),
            Route(f"{CONTROL}/webhooks", self._register, methods=["POST"]),
            Route("/token/", self._token, methods=["POST"]),
            Route("/business/", self._guarded(self._businesses)),
            Route(own + "/", self._guarded(self._business)),
            Route(own + "/service/{number:int}/variant/", self._guarded(self._variants)),
            Route(own + "/appointment/{number:int}/status/{to}/", self._guarded(self._turn), methods=["PATCH"]),
            Route(own + "/{name}/", self._guarded(self._list), methods=["GET", "POST"]),
            Route(own + "/{name}/{number:int}/", self._guarded(self._one), methods=["GET", "PUT"]),
            Route("/{rest:path}", self._nothing),
        ]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        return loaded(world, self.shops, times.text(self.now()))

    def clear(self) -> None:
        self.shops.clear()
        self.partner.forget()
        self.mail.folders = {"INBOX": type(self.mail.folders["INBOX"])()}
        self.mail.said.clear()
        self.webhooks_to = ""

    def refusal(self, fault: Fault) -> Response:
        return JSONResponse(
            {"detail": "simulated fault"}, status_code=refusal_status(fault), headers=MARK | refusal_headers(fault)
        )

    def _mail_fault(self, command: str) -> str | None:
        fault = self.faults.take("IMAP", "/") if command != "LOGOUT" else None
        return fault.kind.value if fault else None

    async def _partner(self, _: Request) -> Response:
        return JSONResponse(
            {"id": self.partner.id, "name": self.partner.name, "private_key": self.partner.private_key()}
        )

    async def _mailbox(self, _: Request) -> Response:
        return JSONResponse({"host": f"127.0.0.1:{self._port}", "user": USER, "password": PASSWORD})

    async def _mail(self, request: Request) -> Response:
        body = await _object(request)
        try:
            visit = letters.Visit(str(body["name"]), datetime.fromisoformat(str(body["starts"])))
            was = datetime.fromisoformat(str(body["was"])) if body.get("was") else None
            raw = letters.letter(str(body["what"]), visit, sent_at=self.now(), was=was, number=body.get("number"))
        except (KeyError, ValueError, TypeError) as broken:
            raise Unreadable(f"not a mail: {broken!r}") from broken
        return JSONResponse({"uid": self.mail.deliver(raw)})

    async def _raw_mail(self, request: Request) -> Response:
        raw = str((await _object(request)).get("raw", "")).encode("utf-8", "surrogateescape")
        return JSONResponse({"uid": self.mail.deliver(raw)})

    async def _renumber(self, _: Request) -> Response:
        self.mail.renumber()
        return JSONResponse({})

    async def _register(self, request: Request) -> Response:
        self.webhooks_to = str((await _object(request)).get("url", ""))
        return JSONResponse({})

    async def _token(self, request: Request) -> Response:
        given = self.partner.exchange(await _object(request))
        if given is None:
            return _refused(401, "Authentication credentials were not accepted.")
        return JSONResponse(given, headers=MARK)

    def _guarded(self, serve: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def served(request: Request) -> Response:
            if not self.partner.admits(request.headers.get("authorization", "")):
                return _refused(401, "Authentication credentials were not provided.")
            if "version=" not in request.headers.get("accept", ""):
                return _refused(406, "You requested a format that isn't json.")
            shop = request.path_params.get("business")
            if shop is not None and shop not in self.shops:
                return await self._nothing(request)
            try:
                answer: Response = await serve(request)
            except Taken:
                return _refused(409, "The specified resource is not available in this time.")
            except Fixed:
                return _refused(422, "You can't modify repeating or multi booking.")
            except Unreadable as bad:
                return _refused(400, bad.why)
            except KeyError:
                return await self._nothing(request)
            return answer

        return served

    async def _nothing(self, _: Request) -> Response:
        return JSONResponse(
            {"status_code": 404, "code": "not_found", "description": "Requested object not found"},
            status_code=404, headers=MARK,
        )  # fmt: skip

    async def _businesses(self, request: Request) -> Response:
        return _page(request, [shop.about for shop in self.shops.values()])

    async def _business(self, request: Request) -> Response:
        return JSONResponse(self._shop(request).about, headers=MARK)

    async def _variants(self, request: Request) -> Response:
        service = self._shop(request).lists["service"][request.path_params["number"]]
        return _page(request, service["variants"])

    async def _list(self, request: Request) -> Response:
        shop, name = self._shop(request), str(request.path_params["name"])
        if request.method == "POST":
            if name != "appointment":
                return _refused(405, 'Method "POST" not allowed.')
            made = shop.book(await _object(request) | {"created": times.text(self.now())})
            self._notify("CREATED", made)
            return JSONResponse(made, status_code=201, headers=MARK)
        rows = list(shop.lists[name].values())
        since, until = (request.query_params.get(q, "") for q in ("booked_from", "booked_till"))
        if name == "appointment":
            rows = [
                r for r in rows if (not since or r["booked_till"] >= since) and (not until or r["booked_from"] < until)
            ]
        return _page(request, [{k: v for k, v in row.items() if k != "variants"} for row in rows])

    async def _one(self, request: Request) -> Response:
        shop, name, number = self._shop(request), str(request.path_params["name"]), request.path_params["number"]
        found = shop.lists[name][number]
        if request.method == "PUT":
            if name != "appointment":
                return _refused(405, 'Method "PUT" not allowed.')
            found = shop.change(number, await _object(request))
            self._notify("MODIFIED", found)
        return JSONResponse({k: v for k, v in found.items() if k != "variants"}, headers=MARK)

    async def _turn(self, request: Request) -> Response:
        codes = {"confirm": "A", "decline": "D", "cancel": "C", "finish": "F", "no_show": "N"}
        found = self._shop(request).lists["appointment"][request.path_params["number"]]
        found["status"] = codes[str(request.path_params["to"])]
        self._notify("CANCELLED" if found["status"] == "C" else "MODIFIED", found)
        return JSONResponse({}, headers=MARK)

    def _shop(self, request: Request) -> Shop:
        return self.shops[request.path_params["business"]]

    def _notify(self, action: str, appointment: Object) -> None:
        if self.webhooks_to:
            self._sent += 1
            body = msgspec.json.encode({"action": action, "appointment": appointment})
            self.deliveries.send(
                Outgoing(str(self._sent), self.webhooks_to, body, {"content-type": "application/json"})
            )


def _page(request: Request, rows: Sequence[Object]) -> Response:
    """A page by offset and limit, in the envelope of Django REST framework, whose error texts Booksy's are."""
    offset, limit = (int(request.query_params.get(name, default)) for name, default in (("offset", 0), ("limit", 20)))
    limit = min(limit, 50)
    shown = [] if is_page_withheld(request.scope) else list(rows[offset : offset + limit])
    after = offset + len(shown)
    following = f"{request.url.path}?offset={after}&limit={limit}" if after < len(rows) else None
    if is_page_withheld(request.scope):
        following = f"{request.url.path}?offset={offset}&limit={limit}"
    return JSONResponse({"count": len(rows), "next": following, "previous": None, "results": shown}, headers=MARK)


def _refused(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status_code=status, headers=MARK)


async def _object(request: Request) -> Object:
    try:
        body = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, RecursionError) as broken:
        raise Unreadable("the body is not JSON") from broken
    if not isinstance(body, dict):
        raise Unreadable("the body is not a JSON object")
    return body
