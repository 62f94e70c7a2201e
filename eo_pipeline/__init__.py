"""Earth-observation products from Google Earth Engine to tiles, mosaics, tables and cubes."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("eo-pipeline")
except PackageNotFoundError:
    __version__ = "0+source"
