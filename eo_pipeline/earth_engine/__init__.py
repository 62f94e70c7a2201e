"""The Earth Engine client: sessions, recipes to ee.Image, operations, pixels. No Dagster."""
