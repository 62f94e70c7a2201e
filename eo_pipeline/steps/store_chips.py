"""Chips that wait as NPY files go into the store, in one commit; what they were is kept for the manifest.

What does not belong here: cutting them (`cut_chips`), and how a store is laid out or committed (`storage.chips`).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.chips.manifest import ChipOutcome, Whereabouts
from eo_pipeline.core.chips.store_template import StoreTemplate
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.chip_orders import ChipOrder
from eo_pipeline.storage.checksums import Crc32c
from eo_pipeline.storage.chips.chip_files import decode_chip
from eo_pipeline.storage.chips.chip_store import StoreCommit, StoredChip, open_or_create_store, write_chips
from eo_pipeline.storage.cubes import CubeAddress

_READERS = 4


@dataclass(frozen=True)
class StoredChips:
    """What storing a partition came to.

    Attributes:
        outcomes: as they were given, each chip with its place in the store.
        commit: the store's.
    """

    outcomes: tuple[ChipOutcome, ...]
    commit: StoreCommit


def store_chips(
    outcomes: Sequence[ChipOutcome],
    folder: Path,
    order: ChipOrder,
    *,
    address: CubeAddress,
    partition: str,
    metadata: Mapping[str, str],
) -> StoredChips:
    """Make the partition's chips in the store those that were cut; the store is made if it is not there.

    Args:
        outcomes: of `cut_chips`; what failed is not stored.
        folder: where their files are; they are not needed afterwards.
        order: what they were cut from.
        address: of the store.
        partition: key of the partition.
        metadata: of the commit; `product` and `partition` make its message.

    Raises:
        CubeError: the repository holds something else, or chips of another size.
        ProductError: the chips' bands are of different types.
        DiskFullError: no room; the store's head is what it was.
        StorageError: a file cannot be read, or the store cannot be reached.
    """
    found = [(outcome, outcome.found) for outcome in outcomes if outcome.found is not None]
    with ThreadPoolExecutor(_READERS) as pool:
        sums = list(pool.map(lambda pair: _checksum(_read(folder, pair[1])), found))
    chips = [_stored(outcome, order, crc32c) for (outcome, _), (crc32c, _) in zip(found, sums, strict=True)]

    def read(place: int) -> NDArray[Any]:
        return _read(folder, found[place][1])

    store = open_or_create_store(address, _template(order))
    commit = write_chips(store, partition, chips, read, metadata=metadata)
    places = {
        outcome.sample.id: replace(where, path="", index=slot, crc32c=crc32c, size=size)
        for (outcome, where), slot, (crc32c, size) in zip(found, commit.slots, sums, strict=True)
    }
    return StoredChips(tuple(replace(o, found=places.get(o.sample.id)) for o in outcomes), commit)


def _template(order: ChipOrder) -> StoreTemplate:
    if not order.bands:
        raise ProductError(f"{order.source.product.name}: expected numbers for a store of chips, got pictures")
    side = order.chips.size
    return StoreTemplate(order.source.product.name, order.bands, side, side)


def _stored(outcome: ChipOutcome, order: ChipOrder, crc32c: str) -> StoredChip:
    sample = outcome.sample
    return StoredChip(
        id=sample.id,
        geobox=sample.geobox,
        time=sample.time or order.source.period.start,
        crc32c=crc32c,
        label=sample.label or "",
        split=sample.split or "",
        source_image=sample.source_image or "",
    )


def _read(folder: Path, where: Whereabouts) -> NDArray[Any]:
    return decode_chip((folder / where.path).read_bytes(), "npy")


def _checksum(pixels: NDArray[Any]) -> tuple[str, int]:
    """Of the pixels in C order, and how many bytes they are."""
    checksum, content = Crc32c(), pixels.tobytes()
    checksum.add(content)
    return checksum.text, len(content)
