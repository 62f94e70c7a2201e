"""Mosaics: tiles painted onto one grid, window by window."""
