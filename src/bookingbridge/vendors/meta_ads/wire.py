"""What the Graph API sends, as far as we read it. Unknown fields are ignored, missing ones take the documented default.

Source: Graph and Marketing API v26.0 field lists of AdAccount, Campaign and AdsInsights (November 2026).
"""

from __future__ import annotations

from typing import Any

import msgspec


class Cursors(msgspec.Struct, frozen=True):
    after: str = ""


class Paging(msgspec.Struct, frozen=True):
    """`next` is absent on the last page; `cursors.after` is there on every page that has rows."""

    cursors: Cursors = Cursors()
    next: str | None = None


class Rows(msgspec.Struct, frozen=True):
    """A page of any list. Rows stay raw: reading them is read.py's business."""

    data: list[dict[str, Any]]
    paging: Paging = Paging()


class AdAccount(msgspec.Struct, frozen=True):
    """`id` is `act_<account_id>`. `account_status` 1 is active, 2 disabled, 3 unsettled, 9 in grace period."""

    id: str
    name: str = ""
    currency: str = ""
    timezone_name: str = ""
    account_status: int = 1


class User(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


class Permission(msgspec.Struct, frozen=True):
    """`status` is granted, declined or expired."""

    permission: str
    status: str


class Campaign(msgspec.Struct, frozen=True):
    """`effective_status` also knows what the parents and the review do: WITH_ISSUES, IN_PROCESS."""

    id: str
    name: str = ""
    status: str = ""
    effective_status: str = ""
    updated_time: str | None = None


class InsightsRow(msgspec.Struct, frozen=True):
    """One campaign on one day. All metrics are strings; `spend` is in major units of the account's currency."""

    campaign_id: str
    date_start: str
    date_stop: str
    account_currency: str
    spend: str = "0"
    clicks: str = "0"
    impressions: str = "0"


class ReadCampaign(msgspec.Struct, frozen=True):
    """A raw campaign as we keep it: the object as sent, and the currency of its account, which it does not name."""

    campaign: Campaign
    currency: str


class ReadDay(msgspec.Struct, frozen=True):
    """A raw campaign-day as we keep it. `is_absent` where Meta sent a row before and sends none now."""

    row: InsightsRow
    is_settling: bool
    is_absent: bool = False


class Fault(msgspec.Struct, frozen=True):
    message: str = ""
    type: str = ""
    code: int = 0
    error_subcode: int = 0
    is_transient: bool = False


class FaultEnvelope(msgspec.Struct, frozen=True):
    error: Fault


class Granted(msgspec.Struct, frozen=True):
    """A token answer. System users' tokens and some app types come without `expires_in`."""

    access_token: str
    token_type: str = ""
    expires_in: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """One entry of x-business-use-case-usage; minutes until calls are accepted again."""

    type: str = ""
    call_count: float = 0
    total_cputime: float = 0
    total_time: float = 0
    estimated_time_to_regain_access: float = 0


class Change(msgspec.Struct, frozen=True):
    field: str = ""
    value: Any = None


class Entry(msgspec.Struct, frozen=True):
    id: str | int = ""
    uid: str | int = ""
    changes: list[Change] = []
    changed_fields: list[str] = []


class Notification(msgspec.Struct, frozen=True):
    """A webhook's body. Meta batches several entries, each with several changes."""

    object: str
    entry: list[Entry] = []
