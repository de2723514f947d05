"""What an owner decides about a connection, on its page and in the wizard, and what the page says of it."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.web.markup import Page
from tests.web.pages.installation import Installation, Visitor, until

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ports import Setting
from bookingbridge.domains.accounts.api import SignedIn
from bookingbridge.sync import overview, schedule, vanishing
from bookingbridge.sync.overview import Connection
from bookingbridge.sync.store import findings
from bookingbridge.web.pages.connections import adjusting

PLACE = Setting("place", "Place", "Where.", "here", (("here", "Here"), ("there", "There")))
DAYS = Setting("history_days", "Days of history", "How far back.", "365")


def _pasted(there: Installation, owner: SignedIn, vendor: str) -> tuple[Visitor, str]:
    """A new connection with what the simulator takes, at its second step."""
    visitor = there.client(owner)
    landed = visitor.send(f"/connections/new/{vendor}?way=token&environment=simulator", f"/connections/new/{vendor}")
    assert landed.status_code == 200, landed.text
    return visitor, landed.url.path


def _finished(there: Installation, owner: SignedIn, vendor: str) -> tuple[Visitor, str]:
    visitor, path = _pasted(there, owner, vendor)
    visitor.send(path, f"{path}/import")
    until(lambda: "Check ten rows" in visitor.get(f"{path}/import/progress").text)
    visitor.send(f"{path}/rows", f"{path}/finish")
    return visitor, path


def _connection(there: Installation, owner: SignedIn, path: str) -> Connection:
    number = UUID(path.rsplit("/", 1)[1])
    return there.do(overview.connection_of(there.engine, there.who(owner).business_id, number))


def test_only_what_the_vendor_offers_is_taken() -> None:
    said = {"setting_place": "there", "setting_history_days": " 30 ", "setting_other": "x", "place": "nowhere"}
    assert adjusting.settings_said([PLACE, DAYS], said) == {"place": "there", "history_days": "30"}
    assert adjusting.settings_said([DAYS], {"setting_history_days": ""}) == {"history_days": "365"}
    assert adjusting.settings_said([PLACE, DAYS], {}) == {}


@pytest.mark.parametrize(
    ("setting", "value"), [(PLACE, "nowhere"), (DAYS, "0"), (DAYS, "-1"), (DAYS, "²"), (DAYS, "9" * 9)]
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_label(setting: Setting, value: str) -> None:
    with pytest.raises(Refused, match=setting.label):
        adjusting.settings_said([setting], {f"setting_{setting.name}": value})


def test_settings_are_chosen_before_the_import_and_changed_afterwards(shared: Installation) -> None:
    owner = shared.owner()
    visitor, path = _pasted(shared, owner, "calendar_feed")
    wrong = visitor.send(path, f"{path}/import", setting_events_are="nonsense")
    assert wrong.status_code == 422
    assert Page(wrong.text).wrong == []
    assert _connection(shared, owner, path).settings == {}
    visitor.send(path, f"{path}/import", setting_events_are="busy")
    assert _connection(shared, owner, path).settings["events_are"] == "busy"
    until(lambda: "Check ten rows" in visitor.get(f"{path}/import/progress").text)
    visitor.send(f"{path}/rows", f"{path}/finish")
    page = visitor.get(path)
    assert Page(page.text).wrong == []
    assert 'value="busy" selected' in page.text
    assert "The settings are saved." in visitor.send(path, f"{path}/settings", setting_events_are="appointments").text
    assert _connection(shared, owner, path).settings["events_are"] == "appointments"
    assert "choose one of" in visitor.send(path, f"{path}/settings", setting_events_are="nonsense").text
    assert _connection(shared, owner, path).settings["events_are"] == "appointments"


def test_the_times_of_reading_are_changed_on_the_page(shared: Installation) -> None:
    owner = shared.owner()
    visitor, path = _finished(shared, owner, "acuity")
    saved = visitor.send(path, f"{path}/schedule", every_minutes="20", opens="09:30:00", closes="18:00", full_at="")
    assert "It is read at these times from now on." in saved.text
    assert "every 20 min from 09:30 to 18:00" in saved.text
    plan = schedule.plan_of(shared.engine, _connection(shared, owner, path))
    assert (plan.every_minutes, plan.opens, plan.closes, plan.full_at) == (20, "09:30", "18:00", "")
    refused = visitor.send(path, f"{path}/schedule", every_minutes="1")
    assert "In business hours every: a number of minutes from 5" in refused.text
    assert schedule.plan_of(shared.engine, _connection(shared, owner, path)) == plan


def test_webhooks_registered_by_us_are_said_so_and_tested(shared: Installation) -> None:
    visitor, path = _finished(shared, shared.owner(), "stripe")
    until(lambda: "Registered at Stripe by us" in visitor.get(path).text)
    page = visitor.get(path)
    assert Page(page.text).wrong == []
    assert "By hand instead" in page.text
    told = visitor.send(path, f"{path}/webhook-test")
    assert told.status_code == 200
    assert "A test is on its way" in told.text or "Stripe" in told.text


def test_what_vanished_in_a_mass_waits_for_a_yes(shared: Installation) -> None:
    owner = shared.owner()
    visitor, path = _finished(shared, owner, "trafft")
    business, number = shared.who(owner).business_id, UUID(path.rsplit("/", 1)[1])

    async def found() -> None:
        async with shared.engine.db.business(business) as tx:
            await findings.note(tx, number, vanishing.VANISHED, "booking", "40 of 60 bookings are gone", 40)

    async def confirmed() -> int | None:
        async with shared.engine.db.business(business) as tx:
            row = await findings.get(tx, number, vanishing.VANISHED, "booking")
            return row.confirmed_count if row else 40  # applied and closed meanwhile

    shared.do(found())
    page = visitor.get(path)
    assert Page(page.text).wrong == []
    assert "40 of 60 bookings are gone" in page.text
    assert "since" in page.text
    assert "Noted." in visitor.send(path, f"{path}/vanished").text
    assert shared.do(confirmed()) == 40
    assert f'action="{path}/vanished"' not in visitor.get(path).text
