"""What we ask Google for, in its query language. Pure: only checked ids and days get into a query."""

from __future__ import annotations

from datetime import date

_CUSTOMER = "id", "descriptive_name", "currency_code", "time_zone", "manager", "status"

CUSTOMER = f"SELECT {', '.join(f'customer.{name}' for name in _CUSTOMER)} FROM customer LIMIT 1"
CLIENTS = (
    f"SELECT {', '.join(f'customer_client.{name}' for name in _CUSTOMER)} FROM customer_client "
    "WHERE customer_client.manager = FALSE AND customer_client.status = 'ENABLED' AND customer_client.hidden = FALSE"
)

# Removed campaigns are listed too: their days stay in the reports.
CAMPAIGNS = "SELECT campaign.id, campaign.name, campaign.status, customer.currency_code FROM campaign"
_DAYS = (
    "SELECT campaign.id, segments.date, metrics.cost_micros, metrics.clicks, metrics.impressions, "
    "customer.currency_code FROM campaign"
)


def client(customer_id: str) -> str:
    """The account below a manager, whatever state it is in."""
    return f"SELECT customer_client.id FROM customer_client WHERE customer_client.id = {_digits(customer_id)}"


def campaign(campaign_id: str) -> str:
    return f"{CAMPAIGNS} WHERE campaign.id = {_digits(campaign_id)}"


def campaigns() -> str:
    return f"{CAMPAIGNS} ORDER BY campaign.id"


def days(first: date, last: date) -> str:
    """Rows of all campaigns from `first` to `last`, both inclusive; there is none for a day without figures."""
    return f"{_DAYS} WHERE segments.date BETWEEN '{first}' AND '{last}' ORDER BY segments.date, campaign.id"


def day(campaign_id: str, on: date) -> str:
    return f"{_DAYS} WHERE campaign.id = {_digits(campaign_id)} AND segments.date = '{on}'"


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("an id is digits")
    return text
