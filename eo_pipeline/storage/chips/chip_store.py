"""Many chips in one Icechunk repository: one array (chip, band, y, x), one commit a partition.

Places are given out in the commit: a partition that runs again finds its own, and of two partitions that commit at the
same time one looks again. What does not belong here: the arrays' layout (`core.chips.store_template`), and where the
pixels come from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import icechunk
import numpy as np
import zarr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.chips.slots import Allocation, allocate, runs
from eo_pipeline.core.chips.store_template import CHIP, CHIPS, PARTITION, TEXTS, StoreTemplate
from eo_pipeline.core.cubes.cube_arrays import differences
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at, describe, write_layout
from eo_pipeline.storage.cubes.opening import is_blank, open_or_create_repository
from eo_pipeline.storage.cubes.transaction import BRANCH, transact

type ReadChip = Callable[[int], NDArray[Any]]
"""Stored numbers (band, y, x) of the chip at that place in the list of chips."""


@dataclass(frozen=True)
class StoredChip:
    """What the store says of one chip.

    Attributes:
        id: unique within the partition.
        geobox: its pixels.
        time: start of what it shows, UTC.
        crc32c: base64 of the big-endian checksum of its pixels (band, y, x) in C order.
        label: empty if none is known.
        split: empty if it is not split.
        source_image: empty for a composite.
    """

    id: str
    geobox: GeoBox
    time: datetime
    crc32c: str
    label: str = ""
    split: str = ""
    source_image: str = ""


@dataclass(frozen=True)
class StoreCommit:
    """What writing a partition came to.

    Attributes:
        snapshot: id of the snapshot that holds it.
        changed: False if the store held the same chips, and nothing was written.
        slots: of the chips along the first axis, in their order.
    """

    snapshot: str
    changed: bool
    slots: tuple[int, ...]


@dataclass(frozen=True)
class ChipStore:
    """An open store that fits its template."""

    address: CubeAddress
    template: StoreTemplate
    repository: icechunk.Repository


def open_or_create_store(address: CubeAddress, template: StoreTemplate) -> ChipStore:
    """Open the store, or create it without chips.

    Raises:
        CubeError: the repository holds something else; it is left as it is, and the message names the differences.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(address):
        repository = open_or_create_repository(address)
        if is_blank(zarr.open_group(repository.writable_session(BRANCH).store, mode="a")):
            metadata = {"product": template.product, "partition": "template"}
            transact(address, repository, lambda group: (_write_template(group, template), None), metadata)
        _check(zarr.open_group(repository.readonly_session(BRANCH).store, mode="r"), address, template)
    return ChipStore(address, template, repository)


def write_chips(
    store: ChipStore, partition: str, chips: Sequence[StoredChip], read: ReadChip, *, metadata: Mapping[str, str]
) -> StoreCommit:
    """Make a partition's chips those given, in one commit; what else it held goes. Without chips it is cleared.

    Memory holds one shard. After a conflict with another commit the chips are read again.

    Args:
        store: open.
        partition: names whose they are; not empty.
        chips: ids each once.
        read: gives their pixels; called once for each chip and attempt, in the order of their places.
        metadata: of the commit; `product` and `partition` make its message.

    Raises:
        CubeError: pixels of another shape or dtype, or other writers kept changing the store.
        DiskFullError: no room; the store's head is what it was.
        StorageError: the storage cannot be reached.
    """
    columns = _columns(partition, chips)

    def change(group: zarr.Group) -> tuple[bool, tuple[int, ...]]:
        ids, partitions = (np.asarray(array_at(group, name)[:], dtype=object) for name in ("id", PARTITION))
        places = allocate(ids, partitions, partition, [chip.id for chip in chips])
        slots = tuple(map(int, places.slots))
        if _is_there(group, places, columns, old_length=len(ids)):
            return False, slots
        _grow(group, places.length)
        _write(group, store.template, places, columns, read)
        _free(group, places.freed)
        return True, slots

    with storage_failures(store.address):
        commit, slots = transact(store.address, store.repository, change, metadata)
    return StoreCommit(commit.snapshot, commit.changed, slots)


def _columns(partition: str, chips: Sequence[StoredChip]) -> dict[str, NDArray[Any]]:
    """What is known of the chips, by array."""
    boxes = [chip.geobox for chip in chips]
    centres = np.array([_centre(box) for box in boxes], "f8").reshape(-1, 2)
    return {
        "id": _texts(chip.id for chip in chips),
        PARTITION: _texts(partition for _ in chips),
        "label": _texts(chip.label for chip in chips),
        "split": _texts(chip.split for chip in chips),
        "source_image": _texts(chip.source_image for chip in chips),
        "crs": _texts(str(box.crs) for box in boxes),
        "crc32c": _texts(chip.crc32c for chip in chips),
        "centre_x": centres[:, 0],
        "centre_y": centres[:, 1],
        "time": np.array([round(chip.time.timestamp()) for chip in chips], "i8"),
        "transform": np.array([list(box.affine)[:6] for box in boxes], "f8").reshape(-1, 6),
    }


def _texts(values: Any) -> NDArray[np.object_]:
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _centre(box: GeoBox) -> tuple[float, float]:
    bounds = box.boundingbox
    return (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2


def _is_there(group: zarr.Group, places: Allocation, columns: Mapping[str, NDArray[Any]], *, old_length: int) -> bool:
    if len(places.freed) or places.length != old_length:
        return False
    return all(np.array_equal(np.asarray(array_at(group, name)[:])[places.slots], new) for name, new in columns.items())


def _grow(group: zarr.Group, length: int) -> None:
    for layout in describe(group).arrays:
        if layout.dimensions[:1] == (CHIP,) and layout.shape[0] < length:
            array_at(group, layout.path).resize((length, *layout.shape[1:]))


def _write(
    group: zarr.Group, template: StoreTemplate, places: Allocation, columns: Mapping[str, NDArray[Any]], read: ReadChip
) -> None:
    order = np.argsort(places.slots)
    slots = places.slots[order]
    for name, values in columns.items():
        array = array_at(group, name)
        for run in runs(slots, cut=array.chunks[0]):
            array[_span(slots, run)] = values[order[run]]
    pixels = array_at(group, CHIPS)
    for run in runs(slots, cut=template.shard_shape[0]):
        pixels[_span(slots, run)] = np.stack([_checked(read(int(n)), pixels) for n in order[run]])


def _span(slots: NDArray[np.int64], run: slice) -> slice:
    """The places of a run."""
    return slice(int(slots[run.start]), int(slots[run.stop - 1]) + 1)


def _free(group: zarr.Group, freed: NDArray[np.int64]) -> None:
    """Make places nobody's."""
    for slot in freed:
        for name in (*TEXTS, CHIPS):
            array = array_at(group, name)
            array[int(slot)] = array.fill_value


def _checked(chip: NDArray[Any], array: zarr.Array[Any]) -> NDArray[Any]:
    if chip.shape != array.shape[1:] or chip.dtype != array.dtype:
        raise CubeError(
            f"Expected a chip of {array.shape[1:]} {array.dtype} (band, y, x), got {chip.shape} {chip.dtype}; "
            "all chips of a store have one size."
        )
    return chip


def _write_template(group: zarr.Group, template: StoreTemplate) -> bool:
    if not is_blank(group):
        return False  # another process wrote it meanwhile
    write_layout(group, template.layout())
    array_at(group, "band")[:] = _texts(band.name for band in template.bands)
    return True


def _check(group: zarr.Group, address: CubeAddress, template: StoreTemplate) -> None:
    if lines := differences(template.layout(), describe(group), growing=CHIP, what="store"):
        raise CubeError(
            f"Expected the store of chips {address.uri} to fit the product {template.product}, got differences:\n  "
            + "\n  ".join(lines)
            + "\nUndo the product's change, or write to a new repository; this one is left as it is."
        )
