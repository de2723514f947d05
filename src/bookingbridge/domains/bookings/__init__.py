"""Which appointments were made, moved, kept and missed."""
