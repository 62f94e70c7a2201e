"""Rasters that lie on a cube's pixels, as scenes. What does not belong here: their pixels (`copying`)."""

from collections.abc import Iterator, Mapping, Sequence

import shapely
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.tile_layout import lay_tiles
from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.mosaics.plan import MosaicPlan
from eo_pipeline.core.mosaics.warping import outline
from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.errors import GridMismatchError
from eo_pipeline.sources.aligned_tiles.archive import Tile

_DEGREES = CRS("EPSG:4326")


def scene_of(
    tile: Tile, header: RasterHeader, bands: Sequence[BandEncoding], *, collection: str, period: Period
) -> Scene:
    """A raster that holds the bands as they are encoded, as a scene of its period.

    Its footprint is empty if its edge has no place on the globe.

    Args:
        tile: its place is the scene's id.
        header: with numbers for all bands.
        bands: that are copied.
        collection: the scene's.
        period: its start is the scene's instant.
    """
    numbers = header.band_numbers(bands)
    return Scene(
        id=tile.place,
        collection=collection,
        version=tile.version,
        instant=period.start,
        footprint=_footprint(header.geobox),
        bands={
            band.name: SceneBand(
                tile.href, number, header.dtype, band.nodata, band.scale, band.offset,
                is_classes=band.kind == "categorical", geobox=header.geobox,
            )
            for band, number in zip(bands, numbers, strict=True)
        },
    )  # fmt: skip


def laid_on(geobox: GeoBox, scenes: Sequence[Scene]) -> MosaicPlan:
    """Where scenes of `scene_of` lie on a grid; `Placement.tile` counts them (see `lay_tiles`).

    Raises:
        GridMismatchError: names those that do not lie on its pixels, with the numbers, or over each other.
    """
    return lay_tiles(dict(_grids(scenes)), geobox)


def file_of(scene: Scene) -> SceneBand:
    """The band by which all of a scene's one file is known."""
    return next(iter(scene.bands.values()))


def versions_of(scenes: Sequence[Scene]) -> Mapping[str, str]:
    """Of scenes, by id."""
    return {scene.id: scene.version for scene in scenes}


def _footprint(geobox: GeoBox) -> BaseGeometry:
    try:
        return outline(geobox, _DEGREES)
    except GridMismatchError:
        return shapely.Polygon()


def _grids(scenes: Sequence[Scene]) -> Iterator[tuple[str, GeoBox]]:
    for scene in scenes:
        band = file_of(scene)
        assert band.geobox is not None  # noqa: S101  # scene_of tells it
        yield band.href, band.geobox
