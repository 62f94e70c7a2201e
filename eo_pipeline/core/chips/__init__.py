"""Chips: which small windows are cut from a product's images, as values and rules; no files, no requests."""
