"""The tables that this domain owns."""

TABLES = ("payments", "refunds")
