"""What advertising cost and did."""
