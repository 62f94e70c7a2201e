"""Archives of NetCDF, GRIB and GeoTIFF files."""
