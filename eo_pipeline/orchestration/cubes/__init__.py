"""Cubes as Dagster sees them: what they look like, checks that a person reads, jobs that look after them."""
