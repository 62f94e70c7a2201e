"""Use cases, a file each, without Dagster. Loops over partitions belong above."""
