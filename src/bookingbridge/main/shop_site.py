"""The invented shop's own website: carries the tracking script, and books at Square as such sites do.

The booking form sends along the visitor's token that the script put into a hidden field; the site writes it into the
booking's note. Which BookingBridge serves the script is told by `?bridge=` once and kept in memory.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import uuid4

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bookingbridge.canonical import times

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Northside Barbers</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
body{{font:16px/1.5 Georgia,serif;max-width:38rem;margin:3rem auto;padding:0 1rem;color:#26211c;background:#faf6ef}}
h1{{font-weight:400}}label{{display:block;margin:.8rem 0}}small{{color:#6b6156}}
input,select{{font:inherit;padding:.4rem;width:100%;box-sizing:border-box}}
button,a.go{{font:inherit;background:#26211c;color:#faf6ef;border:0;padding:.6rem 1.2rem;text-decoration:none}}
</style>{script}</head><body>{body}
<p><small>An invented shop for trying BookingBridge. Nothing here is real.</small></p></body></html>"""


def create_app(*, square: str) -> Starlette:
    """The website; `square` is the simulated Square's base URL."""
    site = _Site(square)
    return Starlette(
        routes=[
            Route("/", site.home),
            Route("/book", site.form),
            Route("/book", site.book, methods=["POST"]),
            Route("/settings", site.settings, methods=["POST"]),
        ]
    )


class _Site:
    def __init__(self, square: str) -> None:
        self._square = square
        self._settings: dict[str, str] = {}

    async def settings(self, request: Request) -> Response:
        """What the shop's webmaster would put in: script_url, site_key, square_token, merchant."""
        self._settings |= {str(k): str(v) for k, v in (await request.json()).items()}
        return JSONResponse({"kept": sorted(self._settings)})

    def _page(self, title: str, body: str, *, status: int = 200) -> HTMLResponse:
        script = ""
        if self._settings.get("script_url"):
            script = (
                f'<script defer src="{escape(self._settings["script_url"])}" '
                f'data-site="{escape(self._settings["site_key"])}" data-consent="not-required"></script>'
            )
        return HTMLResponse(_PAGE.format(title=escape(title), script=script, body=body), status_code=status)

    async def home(self, request: Request) -> Response:
        body = (
            "<h1>Northside Barbers</h1><p>Two chairs by the park, three by the harbor. Walk in looking one way, "
            'walk out looking better.</p><p><a class="go" href="book">Book a chair</a></p>'
        )
        return self._page("Welcome", body)

    async def form(self, request: Request) -> Response:
        options = "".join(
            f'<option value="{escape(s["id"])}">{escape(s["name"])} · ${s["price"] / 100:.2f}</option>'
            for s in (await self._catalog())
        )
        body = (
            '<h1>Book a chair</h1><form method="post" action="book"><input type="hidden" name="bb_token" value="">'
            f'<label>What<select name="service">{options}</select></label>'
            '<label>Your name<input name="name" required autocomplete="name"></label>'
            '<label>E-mail<input name="email" type="email" required autocomplete="email"></label>'
            '<label>Phone<input name="phone" autocomplete="tel"></label>'
            "<button>Book the next free time</button></form>"
        )
        return self._page("Book", body)

    async def book(self, request: Request) -> Response:
        form = {k: str(v) for k, v in (await request.form()).items()}
        try:
            booked = await self._at_square(form)
        except (httpx2.HTTPError, KeyError, ValueError) as failed:
            return self._page("Sorry", f"<h1>That did not work</h1><p>{escape(str(failed)[:200])}</p>", status=502)
        at = times.rfc3339(booked["start_at"])
        pay = f"{self._square}/pay/{booked['id']}"
        body = (
            f'<h1>You are booked</h1><p id="booking" data-id="{escape(booked["id"])}">{at:%A, %d %B, %H:%M} UTC. '
            f'See you then!</p><p><a class="go" href="{escape(pay)}">Pay now</a></p>'
        )
        return self._page("Booked", body)

    def _client(self) -> httpx2.AsyncClient:
        token = self._settings.get("square_token", "")
        return httpx2.AsyncClient(
            base_url=self._square, headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
        )

    async def _catalog(self) -> list[dict[str, Any]]:
        async with self._client() as http:
            answer = (await http.get("/v2/catalog/list", params={"types": "ITEM"})).json()
        return [
            {
                "id": variation["id"],
                "version": variation.get("version", item.get("version")),
                "name": item["item_data"]["name"],
                "price": variation["item_variation_data"].get("price_money", {}).get("amount", 0),
                "minutes": variation["item_variation_data"].get("service_duration", 1_800_000) // 60_000,
            }
            for item in answer.get("objects", [])
            for variation in item.get("item_data", {}).get("variations", [])
        ]

    async def _at_square(self, form: dict[str, str]) -> dict[str, Any]:
        """A customer and a booking at Square, the way a shop's own site makes them."""
        services = {s["id"]: s for s in await self._catalog()}
        service = services[form["service"]]
        async with self._client() as http:
            given, _, family = form["name"].partition(" ")
            person = {"given_name": given, "family_name": family, "email_address": form["email"]}
            if form.get("phone"):
                person["phone_number"] = form["phone"]
            made = await http.post("/v2/customers", json={"idempotency_key": str(uuid4()), **person})
            made.raise_for_status()
            locations = (await http.get("/v2/locations")).json()["locations"]
            team = (
                await http.post("/v2/team-members/search", json={"query": {"filter": {"status": "ACTIVE"}}})
            ).json()["team_members"]
            token = form.get("bb_token", "")
            booking = {
                "customer_id": made.json()["customer"]["id"],
                "location_id": locations[0]["id"],
                "start_at": times.text(_next_half_hour()),
                "customer_note": f"Booked on the website ({token})" if token else "Booked on the website",
                "appointment_segments": [
                    {
                        "team_member_id": team[0]["id"],
                        "service_variation_id": service["id"],
                        "service_variation_version": service["version"],
                        "duration_minutes": service["minutes"],
                    }
                ],
            }
            answer = await http.post("/v2/bookings", json={"idempotency_key": str(uuid4()), "booking": booking})
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()["booking"]
            return found


def _next_half_hour() -> datetime:
    from bookingbridge.infra.clock import SystemClock

    now = SystemClock().now()
    return now.replace(minute=30 * (now.minute // 30), second=0, microsecond=0) + timedelta(minutes=30)
