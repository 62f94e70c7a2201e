"""Loops over pixels and edges, compiled by numba: arrays in, arrays out, without the GIL. No IO."""
