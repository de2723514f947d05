"""Who works there."""
