"""A manifest as GeoParquet, with the meaning of every column, and of the chips' numbers, inside.

Does not belong here: what a manifest says (`core.chips.manifest`).
"""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.manifest import COLUMNS
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.tables import parquet, put_whole

BANDS_KEY = "eo_pipeline.bands"
"""Of the file's metadata: the encodings of the chips' bands in order, as JSON: physical = stored * scale + offset."""


def write_manifest(
    manifest: geopandas.GeoDataFrame, path: Path, *, bands: Sequence[BandEncoding], tags: Mapping[str, str]
) -> None:
    """Write a manifest; it appears under its name only when whole.

    Args:
        manifest: of `core.chips.manifest.manifest_of`.
        path: ends in .parquet.
        bands: of the chips, in order.
        tags: provenance, kept in the schema's metadata.

    Raises:
        StorageError: the columns are not those of a manifest, or the account may not write there.
        DiskFullError: no space left; nothing stays behind.
    """
    wanted = [column.name for column in COLUMNS]
    if list(manifest.columns) != wanted:
        raise StorageError(
            f"{path}: expected the columns {', '.join(wanted)}, got {', '.join(map(str, manifest.columns))}; "
            "write what core.chips.manifest.manifest_of made"
        )
    buffer = io.BytesIO()
    manifest.to_parquet(buffer, index=False)
    buffer.seek(0)
    described = {**tags, BANDS_KEY: json.dumps([_strict(band) for band in bands])}
    put_whole(path, parquet(pq.read_table(buffer), COLUMNS, described))


def read_manifest(path: Path) -> geopandas.GeoDataFrame:
    """Read a manifest.

    Raises:
        StorageError: there is no readable GeoParquet at `path`, or one with other columns.
    """
    wanted = [column.name for column in COLUMNS]
    try:
        manifest = geopandas.read_parquet(path)
    except (FileNotFoundError, pa.ArrowInvalid, ValueError) as error:
        raise StorageError(f"expected the manifest of chips at {path}, got: {error}; cut them again") from error
    if list(manifest.columns) != wanted:
        raise StorageError(
            f"{path}: expected the columns {', '.join(wanted)}, got {', '.join(map(str, manifest.columns))}; "
            "cut the chips again"
        )
    return manifest


def _strict(band: BandEncoding) -> dict[str, object]:
    """An encoding as JSON has it, without NaN."""
    masked_by_nan = band.nodata is not None and math.isnan(band.nodata)
    return {**asdict(band), "nodata": "NaN" if masked_by_nan else band.nodata}
