"""The manifest of one area and period: what became of each chip, one row each.

What does not belong here: the work list (`samples`), the manifest's file (`storage.chips.manifest_file`), and cutting
(`steps.chips.cut_chips`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import geopandas
import pandas as pd

from eo_pipeline.core.chips.footprints import FOOTPRINT_CRS, footprints
from eo_pipeline.core.chips.samples import GRID, ID, PARTS, WorkList
from eo_pipeline.core.periods import Period
from eo_pipeline.core.tables import Column

COLUMNS = (
    ID,
    Column("geometry", "geometry", "footprint of the chip in EPSG:4326, longitude before latitude", "degrees"),
    *GRID,
    Column("time_start", "timestamp", "start of the period, or of the only image, UTC"),
    Column("time_end", "timestamp", "end of the period, exclusive, UTC; of an image its start again"),
    Column("source_image", "string", "Earth Engine id of the only image; null for a composite of the period's images"),
    Column("nodata_share", "double", "share of the chip's values that are nodata, counts left out; null if it failed"),
    Column(
        "cloud_share",
        "double",
        "share of the chip's observations that the mask made unusable, 1 - n_valid / n_obs; null without a mask or "
        "without an observation",
    ),
    *PARTS,
    Column("path", "string", "of the chip's file, from the manifest's folder; null if it has none"),
    Column("index", "int64", "of the chip along the first axis of the store; null if it is in none"),
    Column(
        "crc32c",
        "string",
        "base64 of the big-endian CRC32C of the file; in a store, of the pixels (band, y, x) in C order",
    ),
    Column("bytes", "int64", "size of the file; in a store, of the pixels before compression", "bytes"),
    Column("state", "string", "written, empty (written, but every value is nodata) or failed"),
    Column("problem", "string", "why it failed; null if it did not"),
)
"""Of a manifest, in order."""

_KINDS = {"timestamp": "datetime64[ms, UTC]", "string": "str", "double": "float64", "int64": "Int64"}
"""pandas' types of the columns."""


class ChipState(StrEnum):
    """What became of a chip; the text is what a manifest says."""

    WRITTEN = "written"
    """Its pixels are there."""
    EMPTY = "empty"
    """They are there, and all of them are nodata."""
    FAILED = "failed"
    """They are not there."""


@dataclass(frozen=True)
class Whereabouts:
    """Where a chip's pixels are, and what they are.

    Attributes:
        size: bytes of the file, or of the pixels in a store.
        crc32c: base64 of the big-endian checksum of the same bytes.
        nodata_share: 0 to 1, of its values, counts left out.
        cloud_share: 0 to 1, of its observations; None if unknown.
        path: the file's name in its folder; empty in a store.
        index: along the first axis of a store; None of files.
    """

    size: int
    crc32c: str
    nodata_share: float
    cloud_share: float | None
    path: str = ""
    index: int | None = None


@dataclass(frozen=True)
class ChipOutcome:
    """What became of one chip.

    Attributes:
        id: of the chip.
        found: where it is; None if it failed.
        problem: why it failed, in words; empty if it did not.
    """

    id: str
    found: Whereabouts | None
    problem: str = ""

    @property
    def state(self) -> ChipState:
        """For the manifest."""
        if self.found is None:
            return ChipState.FAILED
        return ChipState.EMPTY if self.found.nodata_share >= 1 else ChipState.WRITTEN


def manifest_of(work: WorkList, outcomes: Sequence[ChipOutcome], period: Period) -> geopandas.GeoDataFrame:
    """A manifest with the columns of `COLUMNS`.

    Args:
        work: the chips that were wanted.
        outcomes: what became of each, in the same order.
        period: that they are of.
    """
    chips = work.table
    shapes = footprints(work.windows, chips.geometry.x.to_numpy())
    known = {
        "geometry": shapes,
        "time_start": chips["time"].fillna(pd.Timestamp(period.start)),
        "time_end": chips["time"].fillna(pd.Timestamp(period.end)),
        "state": [str(outcome.state) for outcome in outcomes],
        "problem": [outcome.problem or None for outcome in outcomes],
        **{name: [_cell(outcome, name) for outcome in outcomes] for name in _FOUND},
    }
    table = pd.DataFrame({c.name: known.get(c.name, chips.get(c.name)) for c in COLUMNS})
    table = table.astype({c.name: _KINDS[c.dtype] for c in COLUMNS if c.dtype in _KINDS})
    return geopandas.GeoDataFrame(table, geometry="geometry", crs=FOOTPRINT_CRS)


_FOUND: Mapping[str, Callable[[Whereabouts], object]] = {
    "nodata_share": lambda found: found.nodata_share,
    "cloud_share": lambda found: found.cloud_share,
    "path": lambda found: found.path or None,
    "index": lambda found: found.index,
    "crc32c": lambda found: found.crc32c,
    "bytes": lambda found: found.size,
}
"""Columns of what is there; null of chips that are not."""


def _cell(outcome: ChipOutcome, name: str) -> object:
    return None if outcome.found is None else _FOUND[name](outcome.found)
