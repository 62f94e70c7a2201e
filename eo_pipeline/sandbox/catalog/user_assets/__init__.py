"""Assets that clients make, on disk: records, files of bands and features, and the store as a catalog.

What does not belong here: who may do what, and the service's words.
"""
