"""Stacks over HTTP: against odc.stac where pixels are copied, against GDAL's own warper where they are not."""

import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import odc.stac
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.warping import Warp
from eo_pipeline.core.scenes.placing import placements_of
from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline_tests.core.scenes.made import scene
from eo_pipeline_tests.processes import SandboxProcess
from eo_pipeline_tests.raster_files import write_raster
from eo_pipeline_tests.sources.stac.searches import NEW, OLD, VIENNA, period, plain_items, source
from eo_pipeline_tests.storage.scenes.files import by_warped_vrt

WEEK = period("2023-06-20", "2023-06-25")
RED, CLASSES = Wanted("red"), Wanted("scl")


def test_pixels_on_the_grid_are_those_of_odc_stac(archive: SandboxProcess) -> None:
    """Two tiles of a zone overlap here: both give the same pass, which counts once."""
    searched = source(archive)
    scenes = searched.inputs(VIENNA, WEEK)
    stack = searched.load(scenes, View(VIENNA), [Wanted("B04"), CLASSES])
    items = plain_items(archive, NEW, [16.3, 48.1, 16.4, 48.3], "2023-06-20/2023-06-24")
    loaded = odc.stac.load(items, bands=["red", "scl"], geobox=VIENNA, groupby="solar_day", resampling="nearest")
    assert len(stack.groups) == loaded.sizes["time"] < len(scenes)
    for ours, theirs in (("B04", "red"), ("scl", "scl")):
        np.testing.assert_array_equal(stack.bands[ours].stored, loaded[theirs].to_numpy())
        assert stack.bands[ours].stored.dtype == loaded[theirs].dtype
    assert (stack.bands["B04"].stored > 0).any()
    assert set(stack.bands["B04"].offsets) == {-0.1}
    assert [str(group.day) for group in stack.groups] == [str(time)[:10] for time in loaded.time.to_numpy()]


def test_two_zones_meet_without_a_seam(archive: SandboxProcess) -> None:
    """A grid of zone 33 across the eastern edge of zone 32's last tile, of passes that both zones hold."""
    seam = GeoBox((40, 60), Affine(20, 0, 362_500, 0, -20, 5_330_400), "EPSG:32633")
    searched = source(archive)
    scenes = searched.inputs(seam, period("2023-06-20", "2023-06-23"))
    assert {str(one.band("red").geobox.crs) for one in scenes} == {"EPSG:32632", "EPSG:32633"}  # type: ignore[union-attr] # the sandbox tells it
    stack = searched.load(scenes, View(seam), [RED, CLASSES])
    for number, group in enumerate(stack.groups):
        for name in ("red", "scl"):
            _assert_alike(stack.bands[name].stored[number], _joined(group.scenes, name, seam))
    whole = (stack.bands["red"].stored > 0).all(axis=(1, 2))
    assert whole.any()
    of_zone_32 = searched.load([one for one in scenes if "_T32" in one.id], View(seam), [RED]).bands["red"].stored > 0
    assert (np.abs(of_zone_32.mean(axis=(1, 2)) - 0.5) < 0.3).any()


def test_a_grid_across_the_antimeridian_is_whole(archive: SandboxProcess) -> None:
    fiji = GeoBox((40, 60), Affine(0.0002, 0, 179.994, 0, -0.0002, -16.54), "EPSG:4326")
    searched = source(archive, OLD)
    scenes = searched.inputs(fiji, period("2023-06-01", "2023-06-04"))
    assert {one.band("red").geobox.crs.to_epsg() for one in scenes} == {32701, 32760}  # type: ignore[union-attr] # the sandbox tells it
    stack = searched.load(scenes, View(fiji), [Wanted("red", offset=-0.1), CLASSES])
    expected = np.stack([_joined(group.scenes, "scl", fiji) for group in stack.groups])
    _assert_alike(stack.bands["scl"].stored, expected)
    assert any((classes > 0).all() for classes in stack.bands["scl"].stored)


def _joined(scenes: Sequence[Scene], name: str, target: GeoBox) -> NDArray[Any]:
    """The first scene with a value, each warped from its whole file."""
    joined = np.zeros(tuple(target.shape), "uint8" if name == "scl" else "uint16")
    for one in sorted(scenes, key=lambda one: one.id):
        path = f"/vsicurl/{one.band(name).href}"
        with rasterio.open(path) as file:
            placements = placements_of(GeoBox.from_rio(file), target)
        if placements:
            warp = placements[0].warp or Warp(0, (1.0, 1.0))
            scale = (1 / warp.scale[0], 1 / warp.scale[1])
            seen = by_warped_vrt(path, target, "nearest" if name == "scl" else "bilinear", scale)
            joined = np.where(joined > 0, joined, seen)
    return joined


def _assert_alike(found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Equal, but where a thousandth of a pixel matters: at the edges of classes and fields."""
    steps = 1 if found.dtype == np.uint8 else 20
    assert (np.abs(found.astype(int) - expected) >= steps).mean() < 0.002


def test_scenes_that_cannot_be_read_are_all_named(archive: SandboxProcess) -> None:
    searched = source(archive)
    scenes = searched.inputs(VIENNA, WEEK)
    lost = [one for one in scenes if "_T33UWP_" in one.id]
    archive.arm(kind="status", path=r"T33UWP.*B04\.tif", status=404, count=None)
    try:
        with pytest.raises(SourceError) as caught:
            searched.load(scenes, View(VIENNA), [RED])
    finally:
        archive.control("faults", method="DELETE")
    said = str(caught.value)
    assert f"from sentinel-2-c1-l2a of {archive.url}/stac/v1, got {len(lost)} that cannot be read" in said
    assert len(lost) > 1
    assert all(f"\n  {one.id}, red: {one.band('red').href}: " in said for one in lost)
    assert "_T33UXP_" not in said


@pytest.mark.parametrize("kind", ["status", "reset", "slow"])
def test_passing_trouble_with_files_is_borne(archive: SandboxProcess, kind: str) -> None:
    searched = source(archive)
    scenes = searched.inputs(VIENNA, period("2023-06-21", "2023-06-22"))
    expected = searched.load(scenes, View(VIENNA), [RED])
    before = len(archive.events("fault"))
    archive.arm(kind=kind, path=r"\.tif$", count=4, seconds=0.2)
    found = searched.load(scenes, View(VIENNA), [RED])
    np.testing.assert_array_equal(found.bands["red"].stored, expected.bands["red"].stored)
    assert len(archive.events("fault")) == before + 4


@pytest.mark.parametrize("address", ["gs://{bucket}/a/small.tif", "{url}/{bucket}/a/small.tif"])
def test_a_file_that_was_replaced_is_read_anew(archive: SandboxProcess, tmp_path: Path, address: str) -> None:
    """From a bucket, with an endpoint among GDAL's options; what GDAL has read before is not taken for the file."""
    bucket = f"scenes-{len(address)}"
    _send(f"{archive.url}/storage/v1/b?project=sandbox-project", f'{{"name": "{bucket}"}}'.encode(), "application/json")
    searched = source(archive, options={"CPL_GS_ENDPOINT": f"{archive.url}/", "GS_NO_SIGN_REQUEST": "YES"})
    grid = GeoBox((30, 30), Affine(20, 0, 600_000, 0, -20, 5_340_000), "EPSG:32633")
    band = SceneBand(address.format(url=archive.url, bucket=bucket))
    for seed in (1, 2):
        pixels = np.random.default_rng(seed).integers(1, 9999, (1, 30, 30), dtype=np.uint16)
        path = write_raster(tmp_path / f"{seed}.tif", grid, pixels, nodata=0)
        upload = f"{archive.url}/upload/storage/v1/b/{bucket}/o?uploadType=media&name=a/small.tif"
        _send(upload, path.read_bytes(), "image/tiff")
        found = searched.load([scene("a", red=band)], View(grid), [RED])
        np.testing.assert_array_equal(found.bands["red"].stored, pixels)


def _send(url: str, body: bytes, kind: str) -> None:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": kind})  # noqa: S310 - http to our own process
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - the same
