"""Exports of an image that a test states as numpy functions of coordinates."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.io import MemoryFile

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.settings import LiveSettings, Settings, changed
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.export_bucket import bucket_opener
from eo_pipeline.sandbox.tasks.exports import ImageExporter
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline_tests.sandbox.fakes import FakeBucket, FakeEngine, Values

LEFT, TOP, SIDE = 500000.0, 5300000.0, 10.0


def grid(width: int, height: int) -> Grid:
    return Grid("EPSG:32633", (SIDE, 0.0, LEFT, 0.0, -SIDE, TOP), width, height)


def whole_array(values: Values, width: int, height: int) -> np.ndarray:
    """The image computed at once, plainly."""
    x = LEFT + SIDE * (np.arange(width) + 0.5)
    y = TOP - SIDE * (np.arange(height) + 0.5)
    return values(*np.meshgrid(x, y))


def slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray((x - LEFT) / SIDE + 7 * (TOP - y) / SIDE, "f4")


def holes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(np.floor((x - LEFT) / SIDE) % 3 == 0, np.nan, slope(x, y)).astype("f4")


def counts(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """int16; negative where a diagonal is masked."""
    column, row = np.floor((x - LEFT) / SIDE), np.floor((TOP - y) / SIDE)
    return np.where(column == row, -1, column + row).astype("i2")


class Exported:
    """One export run to its end."""

    def __init__(self, folder: Path, engine: FakeEngine, body: Mapping[str, object], **changes: object) -> None:
        self.bucket = FakeBucket()
        self.reports: list[tuple[float, float]] = []
        clock = Clock(speed=0)
        self.journal = Journal(folder / "journal.jsonl", clock)
        settings = LiveSettings(changed(Settings(), changes))
        delivery = Delivery(
            {"cloudStorageDestination": bucket_opener(self.bucket, settings)},
            self.journal,
            settings,
            folder / "scratch",
        )
        exporter = ImageExporter(engine=engine, delivery=delivery)
        operation = Operation(
            project="sandbox-project",
            id="A" * 24,
            order=0,
            kind="EXPORT_IMAGE",
            request=body,
            request_id=None,
            description="d",
            priority=100,
            created=clock.now(),
            updated=clock.now(),
        )
        self.uris = exporter(operation, self._report)
        assert list((folder / "scratch").iterdir()) == []

    def _report(self, *, progress: float, eecu_seconds: float) -> None:
        self.reports.append((progress, eecu_seconds))


def body(bucket: str = "here", **tiff: object) -> dict[str, object]:
    return {
        "expression": {"values": {}, "result": "0"},
        "fileExportOptions": {
            "fileFormat": "GEO_TIFF",
            "cloudStorageDestination": {"bucket": bucket, "filenamePrefix": "p/x"},
            "geoTiffOptions": tiff,
        },
    }


def refused(folder: Path, engine: FakeEngine, request: Mapping[str, object], **changes: object) -> str:
    with pytest.raises(ServiceError) as caught:
        Exported(folder, engine, request, **changes)
    return caught.value.message


def test_one_file_holds_the_pixels_the_grid_and_the_band_names(tmp_path: Path) -> None:
    engine = FakeEngine(grid(300, 200), {"slope": slope, "half": lambda x, y: slope(x, y) / 2})
    done = Exported(tmp_path, engine, body())
    assert list(done.bucket.objects) == ["p/x.tif"]
    assert done.uris == ("https://console.developers.google.com/storage/browser/here/p/",)
    with MemoryFile(done.bucket.objects["p/x.tif"]) as memory, memory.open() as file:
        assert file.crs.to_epsg() == 32633
        assert file.transform == rasterio.Affine(SIDE, 0, LEFT, 0, -SIDE, TOP)
        assert file.descriptions == ("slope", "half")
        assert file.nodata is None
        assert file.dtypes == ("float32", "float32")
        np.testing.assert_array_equal(file.read(1), whole_array(slope, 300, 200))
        np.testing.assert_array_equal(file.read(2), whole_array(slope, 300, 200) / 2)
    [written] = [entry for entry in done.journal.events() if entry["event"] == "object"]
    assert (written["bucket"], written["name"]) == ("here", "p/x.tif")
    assert written["bytes"] == len(done.bucket.objects["p/x.tif"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    width=st.integers(1, 90), height=st.integers(1, 90), files=st.sampled_from([16, 32, 64]), window=st.integers(7, 99)
)
def test_the_mosaic_of_the_files_is_the_whole_image(
    tmp_path: Path, width: int, height: int, files: int, window: int
) -> None:
    engine = FakeEngine(grid(width, height), {"counts": counts})
    request = body(
        tileDimensions={"width": files, "height": 2 * files}, tileSize={"value": 16}, noData={"floatValue": -1}
    )
    done = Exported(tmp_path, engine, request, export_window=window)
    mosaic = np.full((height, width), 12345, "i2")
    for name, content in done.bucket.objects.items():
        with MemoryFile(content) as memory, memory.open() as file:
            column = round((file.transform.c - LEFT) / SIDE)
            row = round((TOP - file.transform.f) / SIDE)
            mosaic[row : row + file.height, column : column + file.width] = file.read(1)
            expected = f"p/x-{row:010d}-{column:010d}.tif" if len(done.bucket.objects) > 1 else "p/x.tif"
            assert name == expected
            assert file.nodata == -1
    np.testing.assert_array_equal(mosaic, whole_array(counts, width, height))


def test_it_never_asks_for_more_than_a_window(tmp_path: Path) -> None:
    engine = FakeEngine(grid(100, 60), {"slope": slope})
    done = Exported(tmp_path, engine, body(), export_window=32, eecu_seconds_per_megapixel=1e6)
    assert max(max(asked.width, asked.height) for asked in engine.asked) == 32
    assert len(engine.asked) == 8
    progress, eecu_seconds = zip(*done.reports, strict=True)
    assert progress[0] == pytest.approx(32 * 32 / 6000)
    assert list(progress) == sorted(progress)
    assert eecu_seconds[-1] == pytest.approx(6000)


def test_without_a_named_size_files_follow_the_setting(tmp_path: Path) -> None:
    engine = FakeEngine(grid(300, 20), {"slope": slope})
    done = Exported(tmp_path, engine, body(), export_file_bytes=4 * 256 * 256)
    assert list(done.bucket.objects) == ["p/x-0000000000-0000000000.tif", "p/x-0000000000-0000000256.tif"]


@pytest.mark.parametrize(("no_data", "fill"), [(None, math.nan), (-9.0, -9.0)])
def test_masked_floats_are_nan_or_no_data(tmp_path: Path, no_data: float | None, fill: float) -> None:
    done = Exported(tmp_path, FakeEngine(grid(10, 4), {"holes": holes}), body(noData={"floatValue": no_data}))
    want = whole_array(holes, 10, 4)
    want[np.isnan(want)] = fill
    with MemoryFile(done.bucket.objects["p/x.tif"]) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1), want)
        assert file.nodata == no_data


def test_masked_integers_are_zero_without_no_data(tmp_path: Path) -> None:
    done = Exported(tmp_path, FakeEngine(grid(5, 5), {"counts": counts}), body())
    with MemoryFile(done.bucket.objects["p/x.tif"]) as memory, memory.open() as file:
        assert file.read(1).diagonal().tolist() == [0] * 5
        assert file.nodata is None


def test_cloud_optimised_files_have_the_layout_and_the_same_pixels(tmp_path: Path) -> None:
    done = Exported(tmp_path, FakeEngine(grid(700, 600), {"slope": slope}), body(cloudOptimized=True))
    with MemoryFile(done.bucket.objects["p/x.tif"]) as memory, memory.open() as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1) == [2, 4]
        assert file.descriptions == ("slope",)
        np.testing.assert_array_equal(file.read(1), whole_array(slope, 700, 600))


def test_empty_files_are_left_out_only_when_asked(tmp_path: Path) -> None:
    def left_only(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(x < LEFT + 256 * SIDE, 1, np.nan).astype("f4")

    engine = FakeEngine(grid(512, 10), {"left": left_only})
    size = {"width": 256, "height": 256}
    assert len(Exported(tmp_path, engine, body(tileDimensions=size)).bucket.objects) == 2
    skipped = Exported(tmp_path, engine, body(tileDimensions=size, skipEmptyFiles=True))
    assert list(skipped.bucket.objects) == ["p/x-0000000000-0000000000.tif"]


def test_bands_of_several_types_are_refused_in_the_service_s_words(tmp_path: Path) -> None:
    def clear(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.ones(x.shape, "u2")

    message = refused(tmp_path, FakeEngine(grid(5, 5), {"a": slope, "b": clear}), body())
    assert message == ("Exported bands must have compatible data types; found inconsistent types: Float32 and UInt16.")


def test_too_many_pixels_are_refused_in_the_service_s_words(tmp_path: Path) -> None:
    message = refused(tmp_path, FakeEngine(grid(5, 5), {"a": slope}), {**body(), "maxPixels": {"value": "24"}})
    assert message == (
        "Export too large: specified 25 pixels (max: 24). "
        "Specify higher maxPixels value if you intend to export a large area."
    )
    limit = refused(tmp_path, FakeEngine(grid(10001, 10000), {"a": slope}), body())
    assert "specified 100010000 pixels (max: 100000000)" in limit


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        (body("nowhere"), "no bucket nowhere"),
        (body(tileDimensions={"width": 300, "height": 256}), "must be a multiple of shardSize (256)"),
        (body(tileDimensions={"width": 256}), "width and height are required"),
        (body(tileDimensions={"width": 256, "height": -1}), "Invalid value at 'height': -1 must be positive."),
        (body(noData={"floatValue": "x"}), "Invalid value at 'floatValue'"),
        (
            {"expression": {}, "fileExportOptions": {"fileFormat": "GEO_TIFF", "cloudStorageDestination": {}}},
            "expected fileExportOptions.cloudStorageDestination.bucket or fileExportOptions.driveDestination",
        ),
        (
            {"fileExportOptions": {"fileFormat": "TF_RECORD_IMAGE", "cloudStorageDestination": {"bucket": "b"}}},
            "GEO_TIFF",
        ),
    ],
)
def test_a_wrong_request_is_refused(tmp_path: Path, request_body: dict[str, object], message: str) -> None:
    assert message in refused(tmp_path, FakeEngine(grid(5, 5), {"a": slope}), request_body)


def test_no_data_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    engine = FakeEngine(grid(5, 5), {"a": counts})
    assert "-40000 cannot be represented in the data type Int16" in refused(
        tmp_path, engine, body(noData={"floatValue": -40000})
    )
