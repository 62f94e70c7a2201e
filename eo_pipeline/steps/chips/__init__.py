"""Chips: where they are cut, and from a work list to files or a store."""
