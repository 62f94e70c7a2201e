"""Scenes with clouds of many sizes behind a sandbox, whose quality bands have pixels of other sizes than the colours.

The arrays are the source of expected values. What does not belong here: expectations.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy import ndimage

from eo_pipeline.core import grids
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.pixels import compute_pixels
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline_tests.processes import running_sandbox
from eo_pipeline_tests.scenes import CRS, LEFT, NODATA, RESOLUTION, SCORES, TOP, settings_at, write_raster

COLLECTION, CLASSES, PROBABILITIES = "local/cloudy", "local/classes", "COPERNICUS/S2_CLOUD_PROBABILITY"
SIDE = 120
"""Pixels of 10 m."""
BOX = [LEFT, TOP - SIDE * RESOLUTION, LEFT + SIDE * RESOLUTION, TOP]
FACTORS: Mapping[str, int] = {"SCL": 2, "QA60": 6}
"""Pixels of 10 m along one pixel of a band; 1 of the others."""
UNKNOWN: Mapping[str, int] = {"B4": NODATA, "B8": NODATA, "SCL": 0}
"""Numbers that mean no value."""
DAYS = ("2024-01-05", "2024-01-15", "2024-01-25")
WITHOUT_PROBABILITY = "2024-01-15"
_COLOURS = ("B4", "B8", "SCL")

Bands = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Cloudy:
    """A connection to a sandbox with the scenes, in time order, by band."""

    session: Session
    scenes: tuple[Bands, ...]


def make_scenes() -> tuple[Bands, ...]:
    """B4, B8 (0 = masked), QA_PIXEL, probability, cs_cdf at 10 m, SCL (0 = masked) at 20 m, QA60 at 60 m."""
    return tuple(_scene(np.random.default_rng(seed)) for seed in range(len(DAYS)))


def _scene(random: np.random.Generator) -> Bands:
    def noise(side: int, pixels: float) -> NDArray[np.float64]:
        """0 to 1, smooth over so many pixels, with specks."""
        smooth = ndimage.gaussian_filter(random.standard_normal((side, side)), pixels)
        ranks = smooth.ravel().argsort().argsort().reshape(side, side) / side**2
        return np.where(random.random((side, side)) < 0.03, random.random((side, side)), ranks)

    red, infrared = (random.integers(1, 10_000, (SIDE, SIDE), dtype=np.uint16) for _ in range(2))
    for band in (red, infrared):
        band[random.random(band.shape) < 0.05] = NODATA
    classes = np.floor(noise(SIDE // 2, 3) * 12).astype(np.uint8)
    classes[:, :2] = 0
    bits = (noise(SIDE, 4) * 256).astype(np.uint16)
    sixty = (noise(SIDE // 6, 1) * 4).astype(np.uint16) << 10
    score = noise(SIDE, 4).astype(np.float32)
    return {
        "B4": red,
        "B8": infrared,
        "SCL": classes,
        "QA_PIXEL": np.where(noise(SIDE, 4) < 0.7, 64, bits).astype(np.uint16),
        "QA60": sixty,
        "probability": np.rint(noise(SIDE, 4) * 100).astype(np.uint8),
        "cs_cdf": score,
    }


def every_class() -> NDArray[np.uint8]:
    """All twelve classes of SCL in turn, equally often, as pixels of 20 m; none is masked."""
    rows, columns = np.mgrid[: SIDE // 2, : SIDE // 2]
    return np.asarray((columns + 5 * rows) % 12, np.uint8)


@contextmanager
def running_cloudy(folder: Path) -> Iterator[Cloudy]:
    """A sandbox over the scenes."""
    scenes = make_scenes()
    for day, scene in zip(DAYS, scenes, strict=True):
        for band, pixels in scene.items():
            side = RESOLUTION * FACTORS.get(band, 1)
            write_raster(folder / f"{day}_{band}.tif", pixels, nodata=UNKNOWN.get(band), resolution=side)
    write_raster(folder / f"{DAYS[0]}_classes.tif", every_class(), resolution=2 * RESOLUTION)
    write_raster(folder / f"{DAYS[0]}_ones.tif", np.ones((SIDE, SIDE), np.uint16))
    of_classes = {band: {"path": f"{DAYS[0]}_{'classes' if band == 'SCL' else 'ones'}.tif"} for band in _COLOURS}
    collections = {
        COLLECTION: _images(DAYS, ("B4", "B8", "SCL", "QA_PIXEL", "QA60")),
        CLASSES: {"images": [{"id": "every", "start": f"{DAYS[0]}T10:00:00Z", "bands": of_classes}]},
        SCORES: _images(DAYS, ("cs_cdf",)),
        PROBABILITIES: _images([day for day in DAYS if day != WITHOUT_PROBABILITY], ("probability",)),
    }
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"collections": collections}, sort_keys=False), encoding="utf-8")
    with running_sandbox(folder / "sandbox", catalog=catalog) as sandbox:
        yield Cloudy(connect(settings_at(sandbox.url)), scenes)


def _images(days: Any, bands: tuple[str, ...]) -> dict[str, object]:
    return {
        "images": [
            {
                "id": day.replace("-", ""),
                "start": f"{day}T10:00:00Z",
                "bands": {band: {"path": f"{day}_{band}.tif"} for band in bands},
            }
            for day in days
        ]
    }


def cloudy_product(*, every: str = "month", resolution: float = RESOLUTION, **sections: object) -> Product:
    """A product of the scenes over their whole extent; sections replace or add."""
    plain = {
        "name": "cloudy",
        "source": {"collection": COLLECTION, "bands": ["B4", "B8"]},
        "period": {"every": every, "start": "2024-01-05" if every == "day" else "2024-01"},
        "area": {"box": BOX, "crs": CRS, "resolution": resolution, "origin": [LEFT, TOP]},
    }
    return Product.model_validate({**plain, **sections})


def computed(cloudy: Cloudy, product: Product, period: str = "2024-01") -> dict[str, NDArray[Any]]:
    """The recipe's pixels over the whole area, computed inside Earth Engine."""
    assert product.area.box is not None
    [area] = grids.whole_area(product.area.lattice, product.area.box)
    image = recipes.image(
        product,
        area_key=area.key,
        geobox=area.geobox,
        period=product.period.rule.parse(period),
        native_resolution=RESOLUTION,
    )
    is_nan = product.bands[0].nodata != product.bands[0].nodata
    return compute_pixels(cloudy.session, image, area.geobox, nan_where_masked=is_nan)


def at_ten_metres(usable: NDArray[np.bool_], band: str) -> NDArray[np.bool_]:
    """Each pixel (..., y, x) of a quality band as the smaller ones below it."""
    factor = FACTORS.get(band, 1)
    return np.repeat(np.repeat(usable, factor, axis=-2), factor, axis=-1)
