"""Parts of the benchmark `zonal`: a raster and polygons, ways to measure them, the limit, and how answers differ."""
