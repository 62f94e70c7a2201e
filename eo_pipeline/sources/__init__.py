"""Where a cube's pixels come from: STAC, archives of files, aligned tiles, mosaics of Earth Engine's exports.

What does not belong here: what is made of them.
"""
