"""Measuring zones: blocks of rasters are read once, in parallel, and every zone's sums grow with them."""
