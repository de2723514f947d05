"""The tables that this domain owns."""

TABLES = ("short_links", "sites", "touches", "touches_untold")
