"""Undoing and restoring what joins two facts."""
