"""A small archive of scenes: GeoTIFFs and a static STAC catalogue in a folder, and the arrays that are in them.

What does not belong here: what is expected of them (`plain`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.sources.stac.source import StacSource
from eo_pipeline_tests.raster_files import write_raster

COLLECTION = "made-l2a"
LEFT, TOP = 600_000, 5_340_000
SIDE = 160


@dataclass(frozen=True)
class MadeScene:
    """One scene.

    Attributes:
        id: of the item.
        instant: sensed.
        grid: of red and nir, 10 m.
        bands: red, nir: uint16, 0 = none; scl: uint8 of twice the pixel.
        baseline: of processing; from 04.00 on stored numbers are 1000 larger.
        updated: when the item was changed.
    """

    id: str
    instant: datetime
    grid: GeoBox
    bands: Mapping[str, NDArray[Any]]
    baseline: str = "05.09"
    updated: str = "2024-01-01T00:00:00Z"


def grid_at(column: int, row: int, side: int = SIDE, crs: str = "EPSG:32633") -> GeoBox:
    """Pixels of 10 m so many from the corner of the region, to the right and down."""
    return GeoBox((side, side), Affine(10, 0, LEFT + 10 * column, 0, -10, TOP - 10 * row), crs)


def made_scene(name: str, day: int, grid: GeoBox, *, seed: int, baseline: str = "05.09", month: int = 6) -> MadeScene:
    """Random reflectances with holes, and classes in patches: a third is cloud."""
    random = np.random.default_rng(seed)
    height, width = grid.shape
    low = 1 if baseline < "04.00" else 1001
    bands: dict[str, NDArray[Any]] = {}
    for band in ("red", "nir"):
        pixels = random.integers(low, low + 6000, (height, width)).astype(np.uint16)
        pixels[random.random((height, width)) < 0.03] = 0
        bands[band] = pixels
    patches = random.choice(
        [4, 5, 6, 7, 8, 9, 2, 0], (height // 16 + 1, width // 16 + 1), p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05]
    )
    bands["scl"] = np.kron(patches, np.ones((8, 8)))[: height // 2, : width // 2].astype(np.uint8)
    return MadeScene(name, datetime(2023, month, day, 10, 0, seed % 60, tzinfo=UTC), grid, bands, baseline)


def write_archive(folder: Path, scenes: Sequence[MadeScene]) -> StacSource:
    """The files and the catalogue; those of before are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene in scenes:
        (folder / f"{scene.id}.json").write_text(json.dumps(_item(folder, scene)), encoding="utf-8")
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": COLLECTION,
        "description": "made",
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        "links": [{"rel": "item", "href": f"./{scene.id}.json"} for scene in scenes],
    }
    (folder / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    return StacSource(str(folder / "collection.json"), COLLECTION, threads=2)


def _item(folder: Path, scene: MadeScene) -> dict[str, Any]:
    box = scene.grid.boundingbox
    move = Transformer.from_crs(str(scene.grid.crs), 4326, always_xy=True)
    outline = shapely.transform(
        shapely.segmentize(shapely.box(box.left, box.bottom, box.right, box.top), 200),
        lambda at: np.column_stack(move.transform(at[:, 0], at[:, 1])),
    )
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": scene.id,
        "collection": COLLECTION,
        "geometry": shapely.geometry.mapping(outline),
        "bbox": list(outline.bounds),
        "properties": {
            "datetime": scene.instant.isoformat(),
            "updated": scene.updated,
            "s2:processing_baseline": scene.baseline,
            "proj:epsg": scene.grid.crs.to_epsg() if scene.grid.crs else None,
        },
        "links": [],
        "assets": {name: _asset(folder, scene, name) for name in scene.bands},
    }


def _asset(folder: Path, scene: MadeScene, name: str) -> dict[str, Any]:
    pixels = scene.bands[name]
    times = scene.grid.shape[0] // pixels.shape[0]
    grid = GeoBox(pixels.shape, scene.grid.affine @ Affine.scale(times), scene.grid.crs)
    path = folder / f"{scene.id}_{name}.tif"
    path.unlink(missing_ok=True)
    write_raster(path, grid, pixels[None], nodata=0, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    return {
        "href": f"./{path.name}",
        "type": "image/tiff; application=geotiff",
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.affine)[:6],
        "raster:bands": [{"data_type": pixels.dtype.name, "nodata": 0}],
    }
