"""Cloud-optimised GeoTIFFs: how one is laid out and written. What does not belong here: what its pixels are."""
