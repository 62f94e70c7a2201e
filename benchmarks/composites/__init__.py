"""Parts of the benchmark `composite`: observations in memory, ways to take their median, and the limit."""
