"""Listings of folders, buckets, servers and text files; most is shown by what reads them (`steps.cubes`)."""
