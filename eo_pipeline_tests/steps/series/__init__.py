"""Tests of region series."""
