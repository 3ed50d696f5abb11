"""Delivery and the ledger: what was enrolled, what was tried, and what the platform said.

The only writer of the ledger, in a file or in PostgreSQL. It reads delta files by row, never opens the warehouse, never
renders a payload.
"""
