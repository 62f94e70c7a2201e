"""Zones measured over the mosaics of one period. What does not belong here: Dagster's side of it (`assets`)."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.orchestration.io_managers import Mosaic, MosaicIO
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.steps.zones.measure_zones import measure_zones


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
    chain, declared = tables.chain, tables.declared
    with ExitStack() as stack:
        rasters = [stack.enter_context(io.place.local_copy(m.path)) for m in found.values() if m.path is not None]
        return measure_zones(
            zones,
            rasters,
            wanted,
            chain.period(period_key),
            areas=[chain.areas[key].geobox for key in found],
            weights=chain.weights_file,
            cache=cache,
            form=declared.form,
            geometry=declared.geometry,
        )
