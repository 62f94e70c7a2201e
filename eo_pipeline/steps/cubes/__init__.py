"""Slots of cubes: mosaics and archives of tiles written into them."""
