"""The only SQL of journeys: touches, and the sites and links that make them."""
