"""Rasters that lie on a cube's pixels: which there are, what they say of themselves, their windows.

`archive.TileArchive` is an archive of tiles, `source.AlignedTiles` the source that it is. Workers import `copying`
alone, so nothing is imported here. What does not belong here: where tiles lie on a cube (`core.cubes.tile_layout`).
"""
