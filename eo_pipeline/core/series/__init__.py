"""Series of regions as values and rules: columns, statistics from sums, batches of regions and images."""
