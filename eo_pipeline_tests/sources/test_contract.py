"""Every source does what any source does: STAC, files, aligned tiles, mosaics of exports."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
from eo_pipeline.sources.aligned_tiles.source import AlignedTiles
from eo_pipeline.sources.archives import ArchiveSource
from eo_pipeline.sources.listings import open_listing
from eo_pipeline.sources.mosaics import MosaicSource
from eo_pipeline_tests.contracts.loading import CHECKS, Check, Example
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.raster_files import grid, write_raster
from eo_pipeline_tests.sources.stac.searches import VIENNA, period, source

MAY = CalendarRule("month").parse("2023-05")
BANDS = (
    BandEncoding("red", "int16", 0.5, -10.0, nodata=-1),
    BandEncoding("classes", "int16", nodata=-1, kind="categorical"),
)
NAMES = ("red", "classes")
FIELD = GeoBox((80, 100), Affine(10, 0, 500_000, 0, -10, 5_000_000), "EPSG:32633")
type Made = tuple[Example, Path]
"""A source of files of a folder, and one of the files."""


def write(path: Path, *, row: int = 0, rows: int = 80, seed: int = 0) -> Path:
    """Rows of the field: seeded numbers, a tenth without a value."""
    random = np.random.default_rng(seed + row)
    pixels = random.integers(1, 1000, (2, rows, 100)).astype("int16")
    pixels[:, random.random((rows, 100)) < 0.1] = -1
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_raster(path, grid(rows, 100, top=5e6 - 10 * row), pixels, nodata=-1, names=NAMES, tiled=True)


def of_files(folder: Path) -> Made:
    """Two days."""
    paths = [write(folder / f"scene_2023-05-{day}.tif", seed=day) for day in (12, 17)]
    pattern = NamePattern("scene_{year}-{month}-{day}.tif")
    return Example(ArchiveSource(open_listing(str(folder)), pattern), FIELD, MAY, NAMES), paths[0]


def of_tiles(folder: Path) -> Made:
    """Two tiles, one below the other."""
    paths = [write(folder / "2023-05" / f"r{row}.tif", row=row, rows=40) for row in (0, 40)]
    archive = TileArchive(open_listing(str(folder)), NamePattern("{period}/{name}.tif"))
    return Example(AlignedTiles(archive, BANDS), FIELD, MAY, NAMES), paths[0]


def of_a_mosaic(folder: Path) -> Made:
    path = write(folder / "mosaic.tif")
    version = f"{path.stat().st_mtime_ns}"
    return Example(MosaicSource(path, "E0500N5000", version, BANDS), FIELD, MAY, NAMES), path


OF_FILES: dict[str, Callable[[Path], Made]] = {"files": of_files, "tiles": of_tiles, "a mosaic": of_a_mosaic}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("archive")) as server:
        yield server


@pytest.mark.parametrize("check", CHECKS, ids=[check.__name__ for check in CHECKS])
@pytest.mark.parametrize("made", OF_FILES)
def test_source_of_files(made: str, check: Check, tmp_path: Path) -> None:
    check(OF_FILES[made](tmp_path)[0])


@pytest.mark.parametrize("check", CHECKS, ids=[check.__name__ for check in CHECKS])
def test_stac(archive: SandboxProcess, check: Check) -> None:
    check(Example(source(archive), VIENNA, period("2023-06-20", "2023-06-23"), ("red", "nir")))


@pytest.mark.parametrize("made", OF_FILES)
def test_other_pixels_are_another_fingerprint(made: str, tmp_path: Path) -> None:
    example, path = OF_FILES[made](tmp_path)
    before = fingerprint(example.source.inputs(FIELD, MAY))
    path.unlink()
    example, _ = OF_FILES[made](tmp_path)
    assert fingerprint(example.source.inputs(FIELD, MAY)) != before


@pytest.mark.parametrize("made", OF_FILES)
def test_a_file_that_breaks_off_is_named(made: str, tmp_path: Path) -> None:
    example, path = OF_FILES[made](tmp_path)
    scenes = example.source.inputs(FIELD, MAY)
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(SourceError, match=rf"got 1 that cannot be read(.|\n)*{path.name}"):
        example.source.load(scenes, View(FIELD), example.wanted)


@pytest.mark.parametrize("made", ["tiles", "a mosaic"])
def test_aligned_pixels_are_looked_at_in_a_coarser_grid(made: str, tmp_path: Path) -> None:
    example, _ = OF_FILES[made](tmp_path)
    scenes = example.source.inputs(FIELD, MAY)
    whole = example.source.load(scenes, View(FIELD), example.wanted).bands
    coarse = GeoBox((16, 20), FIELD.affine @ Affine.scale(5), FIELD.crs)
    seen = example.source.load(scenes, View(coarse, overviews=True), example.wanted)
    assert seen.geobox == coarse
    for name in NAMES:
        np.testing.assert_array_equal(seen.bands[name].stored, whole[name].stored[:, 2::5, 2::5])
