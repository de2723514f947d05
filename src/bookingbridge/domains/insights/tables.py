"""The tables that this domain owns: none, it only asks."""

TABLES: tuple[str, ...] = ()
