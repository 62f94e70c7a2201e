"""Where a product's files or tiles are, as an address. What does not belong here: listing them (`sources.listings`)."""

from pathlib import PurePath

from eo_pipeline.core.product.source import Source
from eo_pipeline.sources.listings import fixed_part
from eo_pipeline.steps.load_areas import FindFile


def find_archive(source: Source | None, find: FindFile) -> str | None:
    """The address of `source.files` or `source.tiles`; None if there is neither.

    A relative one is completed as any name of a file in a declaration: what stands before its first star or field is
    looked for beside the YAML.

    Raises:
        ProductError: nothing is there; names the field.
    """
    if source is None or source.place not in ("files", "tiles"):
        return None
    address: str = getattr(source, source.place)
    if "://" in address or PurePath(address).is_absolute():
        return address
    fixed = fixed_part(address)
    rest = address.removeprefix(fixed).lstrip("/")
    found = find(f"source.{source.place}", fixed or ".")
    return f"{found}/{rest}" if rest else str(found)
