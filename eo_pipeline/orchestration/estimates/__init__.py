"""Estimates of a product's exports from its finished ones."""
