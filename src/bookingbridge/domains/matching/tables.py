"""The tables that this domain owns."""

TABLES = ("settlements", "unsettled")
