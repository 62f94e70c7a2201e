"""Files of an export, laid where they say they lie, are one computePixels of the whole: any grid, any recipe."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ee
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.io import MemoryFile

from eo_pipeline_tests.processes import running_sandbox
from eo_pipeline_tests.sandbox.clients import Clients, connect
from eo_pipeline_tests.sandbox.clients.rasters import LEFT, SCENES, TOP, Rasters
from eo_pipeline_tests.sandbox.following import ended

NOWHERE = -9999.0
METRES = {"EPSG:32633": 1.0, "EPSG:32634": 1.0, "EPSG:3035": 1.0, "EPSG:3857": 1.0, "EPSG:4326": 111_320.0}
"""Metres in a unit of each CRS, nearly."""
SHARD = 16


@dataclass(frozen=True)
class Place:
    """A grid that meets the scenes."""

    crs: str
    transform: tuple[float, ...]
    """(a, b, c, d, e, f), pixel to CRS."""
    width: int
    height: int

    def request(self) -> dict[str, object]:
        """As computePixels takes it."""
        a, b, c, d, e, f = self.transform
        names = {"scaleX": a, "shearX": b, "translateX": c, "shearY": d, "scaleY": e, "translateY": f}
        size = {"width": self.width, "height": self.height}
        return {"crsCode": self.crs, "affineTransform": names, "dimensions": size}


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Any part of the scenes and of what is around them, in pixels of 4 to 90 metres."""
    crs = draw(st.sampled_from(sorted(METRES)))
    side = draw(st.floats(4, 90)) / METRES[crs]
    east, north = draw(st.floats(-500, 5000)), draw(st.floats(-500, 4000))
    x, y = Transformer.from_crs("EPSG:32633", crs, always_xy=True).transform(LEFT + east, TOP - north)
    width, height = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    if draw(st.integers(0, 5)) == 0:
        width = 520  # more than the sandbox computes at once
    return Place(crs, (side, 0.0, x, 0.0, -side, y), width, height)


def scene() -> Any:
    return ee.ImageCollection(SCENES).filterDate("2024-05-01", "2024-06-01").first().select("B4")


def clear_median() -> Any:
    def clear(image: Any) -> Any:
        return image.normalizedDifference(["B8", "B4"]).updateMask(image.select("SCL").gt(4))

    return ee.ImageCollection(SCENES).filterDate("2024-05-01", "2024-06-01").map(clear).median()


def clipped() -> Any:
    return scene().add(ee.Image.pixelLonLat().select("latitude")).clip(ee.Geometry.Point([15.02, 47.84]).buffer(900))


RECIPES: dict[str, Callable[[], Any]] = {
    "nearest": scene,
    "bilinear": lambda: scene().resample("bilinear"),
    "median of clear pixels": clear_median,
    "clipped": clipped,
    "neighbourhood": lambda: scene().focalMean(2.5, "circle", "pixels"),
    "neighbourhood in metres": lambda: scene().focalMax(35, "square", "meters"),
    "lattice of its own": lambda: scene().reproject("EPSG:4326", None, 25).focalMin(1, "plus", "pixels"),
    "aggregated": lambda: scene().reduceResolution(ee.Reducer.mean(), False, 1024).unmask(0, False),
    "mosaic": lambda: ee.ImageCollection(SCENES).select("SCL").mosaic(),
}


@pytest.fixture(scope="module")
def clients(rasters: Rasters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """A sandbox that computes exports in windows of 37 pixels a side."""
    folder = tmp_path_factory.mktemp("shards")
    with running_sandbox(folder, settings={"export_window": 37}, catalog=rasters.catalog) as server:
        yield connect(server)
        ee.Reset()


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_files_of_an_export_are_the_whole_image(clients: Clients, recipe: str) -> None:
    image = RECIPES[recipe]().rename("band").toFloat()

    @settings(max_examples=4, deadline=None, derandomize=True)
    @given(place=places(), columns=st.integers(1, 5), rows=st.integers(1, 5))
    def compare(place: Place, columns: int, rows: int) -> None:
        whole = whole_image(image, place)
        found, files = exported(clients, image, place, (columns * SHARD, rows * SHARD))
        assert files == -(-place.width // (columns * SHARD)) * -(-place.height // (rows * SHARD))
        np.testing.assert_array_equal(found == NOWHERE, whole == NOWHERE)
        # coordinates are computed from another corner: the last bit of a weighted mean may differ
        np.testing.assert_allclose(found, whole, rtol=2e-6)

    compare()


def test_the_places_show_something(clients: Clients) -> None:
    """Most examples would prove nothing if they missed the scenes."""
    valid = []

    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(place=places())
    def look(place: Place) -> None:
        valid.append(bool((whole_image(scene().rename("band").toFloat(), place) != NOWHERE).any()))

    look()
    assert sum(valid) > len(valid) / 2


def whole_image(image: Any, place: Place) -> np.ndarray:
    """(row, column) by one computePixels, NOWHERE where masked."""
    request = {"expression": image.unmask(NOWHERE, False), "fileFormat": "NUMPY_NDARRAY", "grid": place.request()}
    return np.asarray(ee.data.computePixels(request)["band"])


def exported(clients: Clients, image: Any, place: Place, size: tuple[int, int]) -> tuple[np.ndarray, int]:
    """(row, column) of an export's files, each laid where it says it lies; and how many files there are."""
    name = f"shards/{secrets.token_hex(8)}"
    task = ee.batch.Export.image.toCloudStorage(
        image, description=name.replace("/", "_"), bucket="tiles", fileNamePrefix=name, crs=place.crs,
        crsTransform=list(place.transform), dimensions=f"{place.width}x{place.height}", fileDimensions=size,
        shardSize=SHARD, formatOptions={"noData": NOWHERE},
    )  # fmt: skip
    task.start()
    operation = ended(task)
    assert operation["metadata"]["state"] == "SUCCEEDED", operation
    files = clients.files("tiles", name)
    result = np.full((place.height, place.width), np.nan, "float32")
    for content in files.values():
        with MemoryFile(content) as memory, memory.open() as file:
            column, row = ~rasterio.Affine(*place.transform) @ (file.transform.c, file.transform.f)
            at = (slice(round(row), round(row) + file.height), slice(round(column), round(column) + file.width))
            assert np.isnan(result[at]).all(), "two files overlap"
            result[at] = file.read(1)
    return result, len(files)
