"""Series of regions as values and rules: columns, statistics from sums, outlines, work lists."""
