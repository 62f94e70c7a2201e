"""A manifest as GeoParquet, with the meaning of every column, and of the chips' numbers, inside.

Does not belong here: what a manifest says (`core.chips.manifest`).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.manifest import COLUMNS
from eo_pipeline.storage.geo_tables import read_geo_table, write_geo_table

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
    described = {**tags, BANDS_KEY: json.dumps([band.as_json() for band in bands])}
    write_geo_table(manifest, path, columns=COLUMNS, tags=described)


def read_manifest(path: Path) -> geopandas.GeoDataFrame:
    """Read a manifest.

    Raises:
        StorageError: there is no readable GeoParquet at `path`, or one with other columns.
    """
    return read_geo_table(path, columns=COLUMNS)
