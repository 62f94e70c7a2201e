"""Inputs that came or changed after they were used: which partitions of the past have others now."""
