"""Every route as everybody: owner, colleagues of each role, a stranger, a program, nobody. Made from the route table.

    def test_every_route_lets_in_whom_it_should(database_url):
        with small_site(database_url) as site:
            faults = every_route(site.app, lively(site))
        assert faults == []

A route is tried with ids that do not exist and with empty bodies, so that nothing is done: whoever may come in hears
404 or 422, and whoever may not hears 401, 403 or is led to the sign-in page. Then a stranger asks for the ids of the
owner's things, and must neither get them nor change them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from bookingbridge.domains.accounts.api import PERMISSIONS, Access, Role
from bookingbridge.web.access import RouteAccess, check_routes

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SIGN_IN = "/signin"
_http = httpx2.Client(follow_redirects=False, timeout=20)
NOWHERE = UUID("00000000-0000-7000-8000-000000000000")
"""An id of nothing."""


@dataclass(frozen=True, slots=True)
class Client:
    """How one kind of caller asks. `cookies` and `headers` go with each request; `csrf` is the session's token.

    It serves until a route that may end the session: signing out is one, too.
    """

    role: Role | None
    """None: nobody is signed in."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""
    is_program: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """The callers by name. `stranger` owns another business; `names` are ids of the owner's things by parameter."""

    url: str
    callers: Mapping[str, Callable[[], Client]]
    stranger: Callable[[], Client]
    ids: Mapping[str, UUID] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    """Paths that are not tried, such as an event stream that never ends."""


def every_route(app: Any, people: People) -> list[str]:
    """What is wrong, a sentence each; empty when every route treats everybody as it declares."""
    faults: list[str] = []
    at_hand: dict[str, Client] = {}
    for route in _tried(check_routes(app), people):
        assert route.access
        for name, caller in people.callers.items():
            if name not in at_hand:
                at_hand[name] = caller()
            client = at_hand[name]
            response = _ask(people.url, route, client, {})
            if fault := _judge(route, route.access, client, response):
                faults.append(f"{name}: {fault}")
            if _may_end_the_session(route):
                del at_hand[name]
    return faults


def every_wall(app: Any, people: People) -> list[str]:
    """What a stranger with the highest role got of the owner's things by their ids; empty when nothing.

    The answer must be the one for ids of nothing: a stranger cannot even tell that there is something.
    """
    faults: list[str] = []
    hidden = {str(value) for value in people.ids.values()}
    stranger = people.stranger()
    for route in _tried(check_routes(app), people):
        asked = [name for name in _parameters(route.path) if name in people.ids]
        if not asked or route.access is None or route.access.kind == "public":
            continue
        response = _ask(people.url, route, stranger, people.ids)
        nothing = _ask(people.url, route, stranger, {})
        if _may_end_the_session(route):
            stranger = people.stranger()
        if response.is_success or response.status_code != nothing.status_code:
            of_nothing = f"{nothing.status_code} for those of nothing"
            faults.append(f"{route}: a stranger got {response.status_code} for the owner's {asked}, {of_nothing}")
        told = {each for each in hidden if each in response.text} - {str(people.ids[name]) for name in asked}
        if told:
            faults.append(f"{route}: a stranger was told {', '.join(sorted(told))}")
    return faults


def every_forgery(app: Any, people: People) -> list[str]:
    """Unsafe routes that a session may use without its token, or from another site; empty when there are none."""
    faults: list[str] = []
    owner = next(client for caller in people.callers.values() if (client := caller()).role is Role.OWNER)
    for route in _tried(check_routes(app), people):
        if route.method not in UNSAFE or route.access is None or route.access.kind == "public":
            continue
        for words, changed in (
            ("without its token", {"csrf": ""}),
            ("with another token", {"csrf": "x" * 43}),
            ("from another site", {"origin": "https://evil.example"}),
            ("from another site of the same owner", {"fetch_site": "same-site"}),
        ):
            response = _ask(people.url, route, owner, {}, **changed)
            if response.status_code != 403:
                faults.append(f"{route}: {response.status_code} {words}")
    return faults


def _tried(table: Iterable[RouteAccess], people: People) -> list[RouteAccess]:
    return [route for route in table if route.path not in people.skip and route.method != "ANY"]


def _may_end_the_session(route: RouteAccess) -> bool:
    """What people may do to themselves, and what everybody may: signing in and out, going to another business."""
    return route.method in UNSAFE and route.access is not None and route.access.kind != "permission"


def _judge(route: RouteAccess, access: Access, client: Client, response: httpx2.Response) -> str:
    """What is wrong with the answer to this caller, or nothing."""
    may = _may(access, client, is_api=route.path.startswith("/api/"))
    status = response.status_code
    if status >= 500:
        return f"{route} failed with {status}: {response.text[:200]}"
    refused = status in (401, 403) or _leads_to_sign_in(response)
    if access.kind == "signed_in" and client.role and status == 403:
        return ""  # what somebody may do who is signed in can depend on more than their role
    if may and refused and access.kind != "public":
        return f"{route} refused with {status}"
    if not may and not refused:
        return f"{route} answered {status}"
    return ""


def _may(access: Access, client: Client, *, is_api: bool) -> bool:
    if access.kind == "public":
        return True
    if client.role is None or (client.is_program and (not is_api or access.kind == "signed_in")):
        return False
    return access.kind == "signed_in" or access.permissions <= PERMISSIONS[client.role]


def _leads_to_sign_in(response: httpx2.Response) -> bool:
    """Also signing out ends there, but with other words."""
    target = response.headers.get("location", "")
    return response.is_redirect and (target == SIGN_IN or target.startswith(f"{SIGN_IN}?next="))


def _ask(
    url: str,
    route: RouteAccess,
    client: Client,
    ids: Mapping[str, UUID],
    *,
    csrf: str | None = None,
    origin: str | None = None,
    fetch_site: str | None = None,
) -> httpx2.Response:
    headers = dict(client.headers)
    token = client.csrf if csrf is None else csrf
    if route.method in UNSAFE:
        headers |= {"x-csrf-token": token} if token else {}
        headers |= {"origin": origin or url, "sec-fetch-site": fetch_site or "same-origin"}
    path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(ids.get(found[1], NOWHERE)), route.path)
    headers["cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    is_json = route.method in UNSAFE and route.path.startswith("/api/")
    # A client takes a while to make and remembers cookies: one for all, and nobody's cookies but those given here.
    _http.cookies.clear()
    return _http.request(route.method, url + path, headers=headers, json={} if is_json else None)


def _parameters(path: str) -> Sequence[str]:
    return re.findall(r"\{(\w+)", path)
