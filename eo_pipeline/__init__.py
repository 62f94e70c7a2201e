"""Earth-observation products from Google Earth Engine to tiles, mosaics, tables and cubes."""
