"""Cubes from files on disk, written by the engines."""
