"""Parts of the benchmark `mosaic`: tiles, ways to make one mosaic of them, the limit, and what the mosaics hold."""
