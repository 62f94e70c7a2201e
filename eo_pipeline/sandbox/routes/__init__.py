"""Earth Engine's REST v1: which path means what. What does not belong here: the work behind a path."""

from eo_pipeline.sandbox.routes.service import EarthEngine

__all__ = ["EarthEngine"]
