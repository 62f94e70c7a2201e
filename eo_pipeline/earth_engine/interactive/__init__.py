"""Very many requests that are answered at once: their bytes, and the connections that they go over."""
