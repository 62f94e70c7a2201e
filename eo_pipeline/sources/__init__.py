"""Where pixels come from, but for Earth Engine: STAC, archives of files, tiles.

What does not belong here: what is made of them.
"""
