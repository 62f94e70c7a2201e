"""Chips at rest: files, manifests, and the store of many. What does not belong here: asking for them."""
