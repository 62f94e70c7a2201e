"""Which files an archive has, and in which version: folders, buckets, text files with an address a line.

`open_listing(address, access)` chooses, `open_matching` takes stars and fields apart. What does not belong here: what
the files are.
"""

from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.listed import ListedFile, Listing
from eo_pipeline.sources.listings.matching import fixed_part, open_matching
from eo_pipeline.sources.listings.opening import open_listing

__all__ = ["Access", "ListedFile", "Listing", "fixed_part", "open_listing", "open_matching"]
