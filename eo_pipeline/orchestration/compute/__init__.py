"""Compute that was used: the table, what is shown of it, and the month against its budget."""
