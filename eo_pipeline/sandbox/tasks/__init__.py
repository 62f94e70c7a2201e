"""Long-running operations: accepting, queueing, running, and what they write."""
