"""Chips that wait as NPY files go into the store, in one commit; what they were is kept for the manifest.

What does not belong here: cutting them (`cut_chips`), and how a store is laid out or committed (`storage.chips`).
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.chips.manifest import ChipOutcome
from eo_pipeline.core.chips.samples import Sample, WorkList
from eo_pipeline.core.chips.store_template import StoreTemplate
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.cut_chips import CutChips
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
    cut: CutChips,
    work: WorkList,
    order: ChipOrder,
    *,
    address: CubeAddress,
    partition: str,
    metadata: Mapping[str, str],
) -> StoredChips:
    """Make the partition's chips in the store those that were cut; the store is made if it is not there.

    Args:
        cut: their files, which are not needed afterwards; what failed is not stored.
        work: the same chips, in the same order.
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
    files = [cut.folder / outcome.found.path for outcome in cut.outcomes if outcome.found is not None]
    with ThreadPoolExecutor(_READERS) as pool:
        sums = list(pool.map(lambda file: _checksum(_read(file)), files))
    found = (sample for sample, outcome in zip(work, cut.outcomes, strict=True) if outcome.found is not None)
    chips = [_stored(sample, order, crc32c) for sample, (crc32c, _) in zip(found, sums, strict=True)]
    store = open_or_create_store(address, _template(order))
    commit = write_chips(store, partition, chips, lambda place: _read(files[place]), metadata=metadata)
    places = iter(zip(commit.slots, sums, strict=True))
    return StoredChips(tuple(_placed(outcome, places) for outcome in cut.outcomes), commit)


def _placed(outcome: ChipOutcome, places: Iterator[tuple[int, tuple[str, int]]]) -> ChipOutcome:
    """With the next place, if the chip is there."""
    if outcome.found is None:
        return outcome
    index, (crc32c, size) = next(places)
    return replace(outcome, found=replace(outcome.found, path="", index=index, crc32c=crc32c, size=size))


def _template(order: ChipOrder) -> StoreTemplate:
    if not order.bands:
        raise ProductError(f"{order.source.product.name}: expected numbers for a store of chips, got pictures")
    side = order.chips.size
    return StoreTemplate(order.source.product.name, order.bands, side, side)


def _stored(sample: Sample, order: ChipOrder, crc32c: str) -> StoredChip:
    return StoredChip(
        id=sample.id,
        geobox=sample.geobox,
        time=sample.time or order.source.period.start,
        crc32c=crc32c,
        label=sample.label or "",
        split=sample.split or "",
        source_image=sample.source_image or "",
    )


def _read(file: Path) -> NDArray[Any]:
    return decode_chip(file.read_bytes(), "npy")


def _checksum(pixels: NDArray[Any]) -> tuple[str, int]:
    """Of the pixels in C order, and how many bytes they are."""
    checksum, content = Crc32c(), pixels.tobytes()
    checksum.add(content)
    return checksum.text, len(content)
