"""Bytes to places: objects, rasters, tables, cubes. Decisions belong above."""
