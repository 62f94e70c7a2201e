"""Archives of tiles that lie on a cube's pixels: which there are, what they say of themselves, their windows.

`archive.TileArchive` is one archive. Workers import `shards` alone, so nothing is imported here. What does not belong
here: where tiles lie on a cube (`core.cubes.tile_layout`).
"""
