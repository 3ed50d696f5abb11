"""The gate: what must be true of a delta file before anything of it is enrolled, and what happens when it is not."""
