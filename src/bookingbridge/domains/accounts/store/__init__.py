"""Accounts' SQL: people and their sessions, businesses and their members, tokens and the audit."""
