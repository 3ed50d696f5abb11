"""The ad platforms: transport and answers only. What is sent was rendered in SQL and frozen in a delta file.

Nothing here knows of the ledger, and nothing here renders a payload.
"""
