"""Dagster only here: component, partitions, resources, IO managers, assets, checks, sensors, schedules."""

from eo_pipeline.orchestration.component import EarthObservationProduct

__all__ = ["EarthObservationProduct"]
