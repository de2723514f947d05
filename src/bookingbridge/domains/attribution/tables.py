"""The tables that this domain owns."""

TABLES = ("conversion_days", "conversions", "credit_days", "credits", "identity_links")
