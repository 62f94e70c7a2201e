"""A listing and a pattern from one text, as a product names its files. What does not belong here: listing."""

from collections.abc import Iterable
from itertools import takewhile

from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.listed import Listing
from eo_pipeline.sources.listings.opening import LISTS, open_listing
from eo_pipeline.sources.listings.web import SCHEMES


def open_matching(address: str, access: Access | None = None) -> tuple[Listing, NamePattern | None]:
    """The files that an address with stars and fields stands for; nothing is asked yet.

    Args:
        address: such as `era5/*.nc` or `gs://bucket/{period}/{lat}_{lon}.tif`: what stands before the first folder with
            a star or field is listed, with all below. Or a text file that lists (.txt, .lst, .csv), with fields of
            dates in its own name where there is one for each period (see `Listing.of`).
        access: to the files.

    Returns:
        The listing, and the pattern of the files in it; None for all of a text file or folder.

    Raises:
        SourceError: an address of another kind, or one of http that is no text file.
    """
    if address.lower().endswith(LISTS):
        return open_listing(address, access), None
    if address.startswith(SCHEMES):
        raise SourceError(f"expected a text file that lists the files behind {address}, got a pattern; write one")
    fixed = fixed_part(address)
    if fixed == address:
        return open_listing(address, access), None
    return open_listing(fixed or ("/" if address.startswith("/") else "."), access), NamePattern(address)


def fixed_part(address: str) -> str:
    """What stands before the first folder or name with a star or field; all of an address without."""
    return "/".join(_plain(address.split("/")))


def _plain(folders: Iterable[str]) -> Iterable[str]:
    return takewhile(lambda folder: "*" not in folder and "{" not in folder, folders)
