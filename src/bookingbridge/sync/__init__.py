"""The engine that keeps two sides in step. Knows records and connections; knows no vendor and no domain by name."""
