"""Who the business's clients are."""
