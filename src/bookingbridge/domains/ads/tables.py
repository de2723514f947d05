"""The tables that this domain owns."""

TABLES = ("ad_day_versions", "ad_days", "campaigns")
