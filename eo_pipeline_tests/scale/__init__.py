"""One product of thousands of partitions through real Dagster processes: `make scale`."""
