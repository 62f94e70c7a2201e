"""Mosaics from tiles on disk."""
