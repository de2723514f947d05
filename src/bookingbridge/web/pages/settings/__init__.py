"""The business, its people and its ways."""
