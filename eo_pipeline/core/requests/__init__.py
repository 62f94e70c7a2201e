"""Requests that are answered at once: how large they are, how many go together, and how long trouble is borne."""
