"""Pixels of a file that lie on the grid: a window is copied. What does not belong here: other files (`warped`)."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from rasterio import DatasetReader
from rasterio.windows import Window

from eo_pipeline.core.mosaics.plan import Placement
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cogs.raw_blocks import RawBlocks
from eo_pipeline.storage.decoded_blocks import read_blocks
from eo_pipeline.storage.scratch import Scratch

_SCRATCH = Scratch()


def copy_window(dataset: Any, placement: Placement, into: NDArray[Any], *, index: int) -> None:
    """Copy stored numbers.

    Args:
        dataset: open.
        placement: which pixels go where.
        into: (y, x) of the target grid; only the placement's destination is written.
        index: band number, from 1.

    Raises:
        StorageError: a block of a local file is damaged.
    """
    source, target = placement.source, into[placement.destination.slices]
    if not (isinstance(dataset, DatasetReader) and _copy_blocks(dataset, source, target, index)):
        window = Window(source.column_start, source.row_start, source.width, source.height)
        target[:] = dataset.read(index, window=window)


def _copy_blocks(dataset: DatasetReader, source: Rectangle, into: NDArray[Any], index: int) -> bool:
    """Copy from the blocks of a local GeoTIFF, in half of GDAL's time; False if they are not there to be taken.

    An overview that is open has its file's name, too, but other blocks.
    """
    path = Path(dataset.name)
    if not path.is_file():
        return False
    with RawBlocks(path) as blocks:
        return blocks.shape == dataset.shape and read_blocks(blocks, source, [index], into[None], _SCRATCH)
