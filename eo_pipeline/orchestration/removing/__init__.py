"""Ending and deleting partitions and what they left in every store."""
