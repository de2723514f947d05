"""The only place that knows everything: what is wired to what, and how the programs start."""
