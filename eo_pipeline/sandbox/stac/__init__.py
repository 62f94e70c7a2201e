"""A STAC API and a static catalogue over the catalogue's images; their bands are cloud-optimised GeoTIFFs.

What does not belong here: which images there are, and what they show.
"""
