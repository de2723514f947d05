"""The tables that this domain owns."""

TABLES = ("conversions", "credit_days", "credits", "identity_links")
