"""Scenes: what they are, how they belong together, where they lie."""
