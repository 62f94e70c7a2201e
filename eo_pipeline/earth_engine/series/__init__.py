"""Reductions of regions over time, as expressions."""
