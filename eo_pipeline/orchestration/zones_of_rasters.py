"""Zones measured over the rasters of one period: mosaics, or tiles that no mosaic is made of.

What does not belong here: Dagster's side of it (`assets`), and which of both are measured (`zone_pixels`).
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
from upath import UPath

from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import TilesError
from eo_pipeline.orchestration.io_managers import Mosaic, MosaicIO, TilesIO
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.steps.exports.collect_tiles import TileSet
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.storage.places.place import Place


def measured_mosaics(
    tables: ZoneTables,
    zones: Zones,
    wanted: Wanted,
    found: Mapping[str, Mosaic],
    *,
    io: MosaicIO,
    period_key: str,
    cache: Path | None = None,
) -> pd.DataFrame:
    """The table of one period.

    Args:
        tables: of the product.
        zones: that are measured.
        wanted: what of them.
        found: mosaics by the areas' keys.
        io: of the mosaics.
        period_key: of the mosaics.
        cache: see `measure_zones`.

    Raises:
        EoPipelineError: see `measure_zones`.
    """
    rasters = [mosaic.path for mosaic in found.values() if mosaic.path is not None]
    return _measured(
        tables,
        zones,
        wanted,
        rasters=rasters,
        areas=list(found),
        place=io.place,
        period_key=period_key,
        cache=cache,
    )


def measured_tiles(
    tables: ZoneTables,
    zones: Zones,
    wanted: Wanted,
    found: Mapping[str, TileSet],
    *,
    io: TilesIO,
    period_key: str,
    cache: Path | None = None,
) -> pd.DataFrame:
    """The table of one period, as `measured_mosaics` gives it of the mosaics that the tiles would become.

    Args:
        tables: of the product.
        zones: that are measured.
        wanted: what of them.
        found: tiles by the areas' keys.
        io: of the tiles.
        period_key: of the tiles.
        cache: see `measure_zones`.

    Raises:
        TilesError: files of a manifest are not there; names all such areas.
        EoPipelineError: see `measure_zones`.
    """
    gone = {area: tiles for area, tiles in found.items() if tiles.tiles and not io.are_there(tiles)}
    if gone:
        lines = [f"  {area}: {len(tiles.tiles)} in {tiles.folder}" for area, tiles in gone.items()]
        raise TilesError(
            "\n".join([f"expected the tiles of {period_key}, found fewer:", *lines, "materialise `tiles` of it again"])
        )
    rasters = [io.place.path(tiles.folder) / tile.name for tiles in found.values() for tile in tiles.tiles]
    return _measured(
        tables,
        zones,
        wanted,
        rasters=rasters,
        areas=list(found),
        place=io.place,
        period_key=period_key,
        cache=cache,
    )


def _measured(
    tables: ZoneTables,
    zones: Zones,
    wanted: Wanted,
    *,
    rasters: Sequence[UPath],
    areas: Sequence[str],
    place: Place,
    period_key: str,
    cache: Path | None,
) -> pd.DataFrame:
    chain, declared = tables.chain, tables.declared
    with ExitStack() as stack:
        return measure_zones(
            zones,
            [stack.enter_context(place.local_copy(raster)) for raster in rasters],
            wanted,
            chain.period(period_key),
            areas=[chain.areas[key].geobox for key in areas],
            weights=chain.weights_file,
            cache=cache,
            form=declared.form,
            geometry=declared.geometry,
        )
