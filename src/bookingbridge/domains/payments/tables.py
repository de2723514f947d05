"""The tables that this domain owns."""

TABLES = ("disputes", "payments", "payout_entries", "payouts", "refunds")
