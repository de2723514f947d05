"""Pictures of figures, drawn on the server: each a frozen dataclass that gives its SVG, its table and its CSV."""
