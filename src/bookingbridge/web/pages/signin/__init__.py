"""Signing in, the first owner, invitations."""
