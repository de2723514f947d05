"""What the Google Ads REST API sends, as far as we read it. Names are lowerCamelCase, 64-bit integers are strings.

Source: google.ads.googleads.v26 field descriptors and REST mapping (November 2026).
"""

from __future__ import annotations

from typing import Any

import msgspec


class Accessible(msgspec.Struct, frozen=True, rename="camel"):
    """`customers/<id>` of every account this person was invited to; accounts below a manager are not listed."""

    resource_names: list[str] = []


class SearchPage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of googleAds:search, or a batch of googleAds:searchStream. Without rows there are no `results`."""

    results: list[dict[str, Any]] = []
    next_page_token: str = ""


class Customer(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    descriptive_name: str = ""
    currency_code: str = ""
    time_zone: str = ""
    manager: bool = False
    status: str = ""


class CustomerRow(msgspec.Struct, frozen=True, rename="camel"):
    customer: Customer


class ClientRow(msgspec.Struct, frozen=True, rename="camel"):
    """An account below a manager; customer_client has the fields of Customer that we ask for."""

    customer_client: Customer


class Campaign(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str = ""
    status: str = ""


class Metrics(msgspec.Struct, frozen=True, rename="camel"):
    cost_micros: str = "0"
    clicks: str = "0"
    impressions: str = "0"


class Segments(msgspec.Struct, frozen=True, rename="camel"):
    date: str


class Currency(msgspec.Struct, frozen=True, rename="camel"):
    currency_code: str


class CampaignRow(msgspec.Struct, frozen=True, rename="camel"):
    """A campaign as we keep it: the row as sent."""

    campaign: Campaign
    customer: Currency


class DayRow(msgspec.Struct, frozen=True, rename="camel"):
    campaign: Campaign
    segments: Segments
    customer: Currency
    metrics: Metrics = Metrics()


class ReadDay(msgspec.Struct, frozen=True):
    """A campaign-day as we keep it. `is_absent` where Google sent a row before and sends none now."""

    row: DayRow
    is_settling: bool
    is_absent: bool = False


class QuotaDetails(msgspec.Struct, frozen=True, rename="camel"):
    """`retry_delay` is a duration such as `30s`."""

    retry_delay: str = ""


class FailureDetails(msgspec.Struct, frozen=True, rename="camel"):
    quota_error_details: QuotaDetails | None = None


class GoogleAdsError(msgspec.Struct, frozen=True, rename="camel"):
    """`error_code` has one entry: the kind of error, and its name."""

    error_code: dict[str, str] = {}
    message: str = ""
    details: FailureDetails | None = None


class Detail(msgspec.Struct, frozen=True, rename="camel"):
    """A GoogleAdsFailure with `errors`, or a google.rpc.ErrorInfo with a `reason`."""

    type: str = msgspec.field(name="@type", default="")
    errors: list[GoogleAdsError] = []
    reason: str = ""


class Fault(msgspec.Struct, frozen=True, rename="camel"):
    code: int = 0
    message: str = ""
    status: str = ""
    details: list[Detail] = []


class FaultEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    error: Fault
