"""From an address to the listing there. What does not belong here: listing."""

from pathlib import Path

from eo_pipeline.errors import SourceError
from eo_pipeline.sources.listings import google, s3, web
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.folders import Folder
from eo_pipeline.sources.listings.google import GoogleObjects
from eo_pipeline.sources.listings.listed import Listing
from eo_pipeline.sources.listings.listing_files import ListingFile
from eo_pipeline.sources.listings.s3 import S3Objects

LISTS = (".txt", ".lst", ".csv")
"""Endings of text files that list."""


def open_listing(address: str, access: Access | None = None) -> Listing:
    """The listing at an address; nothing is asked yet.

    Args:
        address: a folder or a text file of this machine; a text file behind http(s); gs://bucket/folder or a text file
            there (.txt, .lst, .csv); s3://bucket/folder.
        access: to it; None for local files, and for gs as the environment says.

    Raises:
        SourceError: an address of another kind.
    """
    access = access or Access()
    if address.startswith(s3.SCHEME):
        return S3Objects(address, access)
    if address.startswith(web.SCHEMES):
        return ListingFile(address, access)
    if address.startswith(google.SCHEME):
        is_text = address.lower().endswith(LISTS)
        return ListingFile(address, access) if is_text else GoogleObjects(address, access)
    if "://" in address:
        raise SourceError(f"expected a path, or an address of http(s), gs or s3, got {address}; correct it")
    path = Path(address)
    is_text = path.is_file() or (address.lower().endswith(LISTS) and not path.is_dir())
    return ListingFile(address, access) if is_text else Folder(path)
