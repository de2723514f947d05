"""The people who book: what brought them, what they did since."""
