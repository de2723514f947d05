"""Connecting a vendor over the pages, from the first click to the end, and what may go wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from tests.web.markup import Page
from tests.web.pages.installation import Installation, Visitor, allowed, connected, installation, signed_in_at, until

from bookingbridge.domains.accounts.api import Role, SignedIn
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.main.demo import worlds
from bookingbridge.sync import overview as sync

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def there(database_url: str) -> Iterator[Installation]:
    with installation(database_url) as found:
        yield found


def _sim(there: Installation, vendor: str, path: str, body: object) -> httpx2.Response:
    answer = httpx2.post(f"{there.simulated}/{vendor}{path}", json=body, timeout=20)
    assert answer.status_code < 400, answer.text
    return answer


def _is_sound(answer: httpx2.Response) -> None:
    assert answer.status_code == 200, answer.text
    assert Page(answer.text).wrong == []


def test_the_wizard_leads_from_consent_to_ten_true_rows(there: Installation) -> None:
    owner = there.owner()
    visitor = there.client(owner)
    _is_sound(visitor.get("/connections"))
    _is_sound(visitor.get("/connections/new"))
    _is_sound(visitor.get("/connections/new/square"))

    path = signed_in_at(there, visitor)
    check = visitor.get(path)
    _is_sound(check)
    assert "Northside Barbers" in check.text
    assert "APPOINTMENTS_ALL_READ" in check.text
    assert '<span class="sr">missing: </span>' not in check.text

    reading = visitor.send(path, f"{path}/import")
    _is_sound(reading)
    assert reading.url.path == f"{path}/import"
    until(lambda: "Check ten rows" in visitor.get(f"{path}/import/progress").text)
    fragment = visitor.get(f"{path}/import/progress").text
    assert "hx-get" not in fragment, "a finished import is asked for no more"
    order = [fragment.index(f">{name}<") for name in ("Locations", "Customers", "Bookings", "Payments", "Refunds")]
    assert order == sorted(order)

    rows = visitor.get(path)
    _is_sound(rows)
    business = there.who(owner).business_id

    async def latest() -> list[bookings.Booking]:
        async with there.engine.db.business(business) as tx:
            connection = (await sync.health(there.engine, tx))[0].connection
            return await bookings.of_connection(tx, connection.id, limit=10)

    known = there.do(latest())
    assert len(known) == 10
    assert rows.text.count('<tr role="row"><th role="rowheader"') == 10
    assert "Ten bookings" in rows.text

    done = visitor.send(path, f"{path}/finish")
    _is_sound(done)
    assert "Square is connected." in done.text
    assert f"{there.url}/api/v1/webhooks/square/{path.rsplit('/', 1)[1]}" in done.text
    assert "Northside Barbers" in visitor.get("/connections").text


def test_an_import_that_is_under_way_is_asked_for_every_second(there: Installation) -> None:
    visitor = there.client(there.owner())
    path = signed_in_at(there, visitor)
    _sim(there, "square", "/_sim/faults", {"fault": "429", "times": 1000})
    page = visitor.send(path, f"{path}/import")
    assert f'hx-get="{path}/import/progress" hx-trigger="every 1s"' in page.text
    assert "Check ten rows" not in page.text


def test_consent_that_is_refused_is_told_on_the_list(there: Installation) -> None:
    visitor = there.client(there.owner())
    landed = visitor.get("/api/v1/oauth/callback?error=access_denied&state=x")
    assert landed.url.path == "/connections"
    assert "It was not connected" in landed.text
    shown = visitor.get(f"/connections?problem={quote('<script>alert(1)</script>')}")
    assert "<script>alert(1)" not in shown.text
    assert "&lt;script&gt;alert(1)" in shown.text


def test_a_token_the_vendor_refuses_leaves_no_connection_and_is_not_shown_again(there: Installation) -> None:
    visitor = there.client(there.owner())
    page = "/connections/new/square?way=token&environment=simulator"
    refused = visitor.send(
        page, "/connections/new/square", access_token="EAAAwrong-and-secret", environment="simulator"
    )
    assert refused.status_code == 422
    assert "Square did not accept it" in refused.text
    assert "EAAAwrong-and-secret" not in refused.text
    assert Page(refused.text).wrong == []
    assert "No source yet" in visitor.get("/connections").text


def test_an_empty_token_is_asked_for_again(there: Installation) -> None:
    visitor = there.client(there.owner())
    page = "/connections/new/square?way=token&environment=simulator"
    refused = visitor.send(page, "/connections/new/square", access_token="  ", environment="simulator")
    assert refused.status_code == 422
    assert "Access token is needed" in refused.text


def test_a_good_token_leads_to_its_account(there: Installation) -> None:
    visitor = there.client(there.owner())
    token = _sim(there, "square", "/_sim/tokens", {"merchant_id": worlds.MERCHANT, "is_personal": True}).json()
    page = "/connections/new/square?way=token&environment=simulator"
    shown = visitor.send(page, "/connections/new/square", access_token=token["access_token"], environment="simulator")
    assert re.fullmatch(r"/connections/[0-9a-f-]{36}", shown.url.path)
    assert "Northside Barbers" in shown.text
    assert "Start the import" in shown.text


def test_where_one_sign_in_reaches_one_account_none_is_asked_for(there: Installation) -> None:
    visitor = there.client(there.owner())
    path = signed_in_at(there, visitor, "meta_ads")
    assert 'name="account"' not in visitor.get(path).text
    visitor.send(path, f"{path}/import")
    until(lambda: "Check ten rows" in visitor.get(f"{path}/import/progress").text)
    rows = visitor.get(path)
    _is_sound(rows)
    assert "Campaigns as we understood them" in rows.text


def test_the_simulator_is_offered_only_where_there_is_one(there: Installation) -> None:
    visitor = there.client(there.owner())
    assert 'value="simulator"' in visitor.get("/connections/new/square?way=token").text
    bare = visitor.get("/connections/new/square?way=oauth&environment=production")
    assert "SQUARE_APPLICATION_ID" in bare.text
    assert "/authorize" not in bare.text


def test_a_link_on_another_site_begins_no_sign_in(there: Installation) -> None:
    visitor = there.client(there.owner())
    visitor.http.follow_redirects = False
    answer = visitor.get("/connections/new/square/authorize?environment=simulator", **{"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/connections/new/square")


def test_what_does_not_exist_is_not_found(there: Installation) -> None:
    visitor = there.client(there.owner())
    for path in ("/connections/new/acme", f"/connections/{NOBODY}", f"/connections/{NOBODY}/rows"):
        assert visitor.get(path).status_code == 404


def test_a_connection_is_looked_after_on_its_page(there: Installation) -> None:
    visitor, path = connected(there, there.owner())
    number = path.rsplit("/", 1)[1]

    key = visitor.send(path, f"{path}/key", key="a-signature-key-of-the-tests")
    assert "The key is stored" in key.text
    assert "a-signature-key-of-the-tests" not in key.text
    assert "That is not a key" in visitor.send(path, f"{path}/key", key="short").text

    assert "It rests until you resume it." in visitor.send(path, f"{path}/pause").text
    assert "Resume" in visitor.get(path).text
    assert "It works again" in visitor.send(path, f"{path}/resume").text
    visitor.send(path, f"{path}/full")
    until(lambda: visitor.get(f"/sync?source={number}").text.count("Full import") == 2)

    until(lambda: "Reading now" not in visitor.get(path).text)
    gone = visitor.send(path, f"{path}/disconnect")
    assert gone.url.path == "/connections"
    assert "Square is disconnected. What was read stays." in gone.text
    assert visitor.get(path).status_code == 404


def test_a_lost_connection_is_signed_in_anew_and_keeps_its_history(there: Installation) -> None:
    owner = there.owner()
    visitor, path = connected(there, owner)
    before = visitor.get(f"/sync?source={path.rsplit('/', 1)[1]}").text.count("Full import")
    _sim(there, "square", "/_sim/revoke", {"merchant_id": worlds.MERCHANT})
    visitor.send(path, f"{path}/sync")
    until(lambda: "no longer lets us in" in visitor.get(path).text)
    listed = visitor.get("/connections")
    assert f'href="{path}/reconnect"' in listed.text

    page = visitor.get(f"{path}/reconnect")
    _is_sound(page)
    href = re.search(r'href="([^"]+/authorize[^"]*)"', page.text)
    assert href
    away = visitor.http.get(href[1].replace("&amp;", "&"), follow_redirects=False)
    assert allowed(visitor, away.headers["location"]) == path
    until(lambda: "no longer lets us in" not in visitor.get(path).text)
    assert before == visitor.get(f"/sync?source={path.rsplit('/', 1)[1]}").text.count("Full import") == 1


@pytest.mark.parametrize("role", [Role.STAFF, Role.ACCOUNTANT])
def test_roles_without_connections_do_not_see_them(there: Installation, role: Role) -> None:
    owner = there.owner()
    _, path = connected(there, owner)
    visitor = there.client(there.colleague(owner, role))
    for page in ("/connections", path, f"{path}/import/progress", "/sync", "/sync/events", "/connections/new"):
        assert visitor.get(page).status_code == 403


def test_who_may_only_read_sees_how_it_stands_and_can_do_nothing(there: Installation) -> None:
    owner = there.owner()
    _, path = connected(there, owner)
    visitor = there.client(there.colleague(owner, Role.READ_ONLY))
    page = visitor.get(path)
    _is_sound(page)
    for act in ("sync", "full", "pause", "key", "disconnect", "reconnect"):
        assert f'"{path}/{act}"' not in page.text
    assert "/connections/new" not in visitor.get("/connections").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf
    for act in ("sync", "full", "pause", "resume", "key", "disconnect", "import", "finish", "check", "reconnect"):
        refused = visitor.http.post(f"{path}/{act}", data={"csrf": csrf[1]})
        assert refused.status_code == 403, act
    assert _state(there, owner, path) == "ok"


def test_a_form_without_the_sessions_token_does_nothing(there: Installation) -> None:
    owner = there.owner()
    visitor, path = connected(there, owner)
    for act in ("sync", "pause", "disconnect"):
        assert visitor.http.post(f"{path}/{act}", data={"csrf": "x" * 43}).status_code == 403
    assert _state(there, owner, path) == "ok"


def _state(there: Installation, owner: SignedIn, path: str) -> str:
    number = UUID(path.rsplit("/", 1)[1])
    return there.do(sync.connection_of(there.engine, there.who(owner).business_id, number)).state


def test_a_stranger_finds_nothing_of_it(there: Installation) -> None:
    _, path = connected(there, there.owner())
    stranger: Visitor = there.client(there.owner())
    for page in (path, f"{path}/check", f"{path}/rows", f"{path}/import/progress", f"{path}/reconnect"):
        assert stranger.get(page).status_code == 404
    assert "No source yet" in stranger.get("/connections").text


def test_of_several_accounts_one_is_chosen_and_the_other_can_be_connected_beside_it(there: Installation) -> None:
    _sim(there, "meta_ads", "/_sim/world", {"accounts": [{"id": "2002", "name": "Cedar and Co", "currency": "USD"}]})
    visitor = there.client(there.owner())
    path = signed_in_at(there, visitor, "meta_ads")
    check = visitor.get(path)
    _is_sound(check)
    choices = re.findall(r'name="account" value="([^"]+)"', check.text)
    (second,) = [c for c in choices if c.endswith("2002")]
    (first,) = [c for c in choices if c != second]
    _is_sound(visitor.send(path, f"{path}/import", account=second))
    assert "Cedar and Co" in visitor.get("/connections").text
    other = signed_in_at(there, visitor, "meta_ads")
    assert "connected already" in visitor.send(other, f"{other}/import", account=second).text
    _is_sound(visitor.send(other, f"{other}/import", account=first))
