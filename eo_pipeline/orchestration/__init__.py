"""Dagster only here: component, partitions, resources, IO managers, assets, checks, sensors, schedules."""
