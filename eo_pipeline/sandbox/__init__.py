"""Earth Engine, Cloud Storage and more, spoken over HTTP to unmodified clients. Imports nothing of the pipeline."""
