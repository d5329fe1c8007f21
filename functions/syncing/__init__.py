"""Syncing: keeps the sheets true to the ledger, and does what staff choose in them."""
