"""Sentinel-2 as Earth Search publishes it: two collections over the same scenes. Not here: other collections."""
