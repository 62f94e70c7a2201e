"""`zonal_stats`: one row a zone and period, measured over all of the period's mosaics, its tiles, or its cube slot."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import dagster as dg

from eo_pipeline.core.product import ZoneTable
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import CubeIO, MosaicIO, NewTable, Stored, TablesIO, TilesIO
from eo_pipeline.orchestration.zone_pixels import OfCube, OfMosaics, OfTiles, ZonePixels
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.steps.zones.wanted_zones import KINDS, wanted_zones
from eo_pipeline.storage.vectors import read_zones


def build_zonal_stats(chain: Chain, declared: ZoneTable) -> dg.AssetsDefinition:
    """The asset for one product whose zones are measured here."""
    tables = ZoneTables(chain, declared)

    @tables.asset(of="slots of the cube" if declared.of == "cube" else declared.of)
    def zonal_stats(
        context: dg.AssetExecutionContext,
        tiles_io: dg.ResourceParam[TilesIO],
        mosaic_io: dg.ResourceParam[MosaicIO],
        cube_io: dg.ResourceParam[CubeIO],
        tables_io: dg.ResourceParam[TablesIO],
    ) -> Stored:
        with for_all_partitions(context):
            zones, version = _zones(chain, declared), chain.zones_version()
            wanted = wanted_zones(declared, chain.product.bands, kind=zones.kind)
            columns = tables.columns(wanted)
            pixels = _pixels(tables, tiles_io, mosaic_io, cube_io, context.instance)

        def make(key: str, cache: Path | None) -> Made:
            areas, period = tables.part(key)
            found = pixels.measured(tables.zones_of(zones, areas), wanted, areas, period, cache)
            tables_io.store(context.asset_key, key, NewTable(found.table, columns, tables.tags(zones, wanted, period)))
            provenance = {names.ZONES_VERSION: version, names.ROOT: tables_io.place.address}
            shown = tables.shown(found.table, zones, areas=len(areas), without_images=found.without_images)
            return Made({**shown, **provenance}, metadata.table_preview(found.table, columns))

        try:
            with _cache(context, tables_io) as cache:
                return each_partition(context, lambda key: make(key, cache))
        finally:
            tables.join(context, tables_io)

    return zonal_stats


def _pixels(
    tables: ZoneTables, tiles: TilesIO, mosaics: MosaicIO, cubes: CubeIO, instance: dg.DagsterInstance
) -> ZonePixels:
    cube = tables.chain.product.cube
    match tables.declared.of:
        case "tiles":
            return OfTiles(tables, tiles)
        case "cube" if cube is not None:
            return OfCube(tables, cubes, cube, instance)
        case _:
            return OfMosaics(tables, mosaics)


def _cache(context: dg.AssetExecutionContext, io: TablesIO) -> AbstractContextManager[Path | None]:
    """Where a run of several dates keeps which pixels zones hold; none of a single one, which would only write it."""
    return io.place.workspace() if len(context.partition_keys) > 1 else nullcontext(None)


def _zones(chain: Chain, declared: ZoneTable) -> Zones:
    if chain.zones_file is None:
        raise ProductError(f"zones.file: expected a file at {declared.file}, found none")
    return read_zones(chain.zones_file, id_column=declared.id, kinds=KINDS)
