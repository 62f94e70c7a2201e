"""Formulas of computed bands over arrays, in Earth Engine's expression syntax and with its meaning.

Belongs here: reading a formula, and its values. Does not: which bands a product has (core.product), and asking Earth
Engine for the same (`earth_engine.recipes`).
"""

from eo_pipeline.core.formulas.evaluating import Formula, parse_formula

__all__ = ["Formula", "parse_formula"]
