"""Zonal statistics as values and rules: shapes, sums of pixels, statistics, columns. No file is read here."""
