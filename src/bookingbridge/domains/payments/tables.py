"""The tables that this domain owns."""

TABLES = ("disputes", "payment_days", "payment_days_stale", "payments", "payout_entries", "payouts", "refunds")
