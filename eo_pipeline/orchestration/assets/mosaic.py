"""`mosaic`: an area's tiles as one cloud-optimised GeoTIFF on the product's grid."""

from contextlib import ExitStack
from typing import Any

import dagster as dg

from eo_pipeline.errors import TilesError
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import as_soon_as_possible, code_version, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition
from eo_pipeline.orchestration.io_managers import MosaicIO, NewMosaic, Stored, TilesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.steps.exports.collect_tiles import TileSet
from eo_pipeline.steps.mosaics.make_mosaic import MosaicReport, make_mosaic


def build_mosaic(chain: Chain) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product

    @dg.asset(
        key=chain.key("mosaic"),
        deps=[chain.key("tiles")],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"cog", "gdal"},
        io_manager_key="mosaic_io",
        description=chain.describe(
            "One cloud-optimised GeoTIFF for each area and period, with overviews, placed by georeferencing alone."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=code_version(chain.mosaic_version()),
        backfill_policy=grouped(),
        retry_policy=on_crash(),
    )
    def mosaic(
        context: dg.AssetExecutionContext, tiles_io: dg.ResourceParam[TilesIO], mosaic_io: dg.ResourceParam[MosaicIO]
    ) -> Stored:

        def make(key: str) -> Made:
            tiles: TileSet = tiles_io.load(chain.key("tiles"), key)
            if tiles.state == "no_images":
                version = chain.mosaic_version()
                mosaic_io.store(context.asset_key, key, NewMosaic("no_images", tiles.digest, None, version))
                return Made(_provenance("no_images", chain, tiles, mosaic_io))
            if not tiles_io.are_there(tiles):
                return _kept(chain, tiles, mosaic_io, key)
            made = _mosaic(context, chain, tiles, mosaic_io, key)
            if product.export.keep == "until_mosaic":
                tiles_io.place.remove(tiles_io.place.path(tiles.folder))
            return made

        return each_partition(context, make)

    return mosaic


def _mosaic(context: dg.AssetExecutionContext, chain: Chain, tiles: TileSet, io: MosaicIO, key: str) -> Made:
    partition = PartitionKey.parse(key)
    with ExitStack() as stack:
        folder = io.place.path(tiles.folder)
        files = [stack.enter_context(io.place.local_copy(folder / tile.name)) for tile in tiles.tiles]
        workspace = stack.enter_context(io.place.workspace())
        report = make_mosaic(
            files,
            target=chain.area(partition).geobox,
            bands=chain.product.bands,
            path=workspace / "mosaic.tif",
            tags=chain.tags(key, tiles.digest),
            **chain.product.mosaic.model_dump(),
        )
        version = chain.mosaic_version()
        pictures = metadata.mosaic_pictures(report.path, chain.product.bands, title=key)
        stored = io.store(context.asset_key, key, NewMosaic("written", tiles.digest, report.path, version))
    return Made({**_provenance("written", chain, tiles, io), **_metadata(report, str(stored.path))}, pictures)


def _kept(chain: Chain, tiles: TileSet, io: MosaicIO, key: str) -> Made:
    """The mosaic that an earlier run made of these tiles, as is said now, before it removed them.

    Raises:
        TilesError: there is none.
    """
    asset = chain.key("mosaic")
    there = io.load(asset, key) if io.has(asset, key) else None
    is_it = there is not None and (there.digest, there.version) == (tiles.digest, chain.mosaic_version())
    if there is None or there.path is None or not is_it:
        raise TilesError(
            f"expected the {len(tiles.tiles)} tiles of {key} at {tiles.folder}, found none: they go once their "
            "mosaic is made, and none is there that was made of them as the product says now; materialise `tiles` of "
            "this partition again"
        )
    with io.place.local_copy(there.path) as local:
        pictures = metadata.mosaic_pictures(local, chain.product.bands, title=key)
        size = local.stat().st_size
    shown = {"file": dg.MetadataValue.path(str(there.path)), "bytes": size, "tiles": len(tiles.tiles)}
    return Made({**_provenance(there.state, chain, tiles, io), **shown}, pictures)


def _provenance(state: str, chain: Chain, tiles: TileSet, io: MosaicIO) -> dict[str, Any]:
    made = {names.STATE: state, names.DIGEST: tiles.digest, names.ROOT: io.place.address}
    version = chain.mosaic_version()
    return {**made, names.MOSAIC_VERSION: version} if version else made


def _metadata(report: MosaicReport, path: str) -> dict[str, Any]:
    return {
        "file": dg.MetadataValue.path(path),
        "bytes": report.bytes,
        "tiles": report.tiles,
        **({"warped tiles": report.warped} if report.warped else {}),
        **({"pixels without a tile": report.gap_pixels} if report.gap_pixels else {}),
        "bands": metadata.band_table(report.bands),
    }
