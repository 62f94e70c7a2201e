"""Zonal statistics as values and rules: shapes, statistics, columns. No pixels are read here."""
