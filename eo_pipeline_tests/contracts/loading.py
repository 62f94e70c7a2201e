"""What any source of a cube's pixels does: checks that take a source with a place and a period that it has scenes of.

Pixels are compared with what rasterio reads of each scene's file. Not here: which sources there are, and what only one
of them does.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import part_of
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.source import Source

FAR_AWAY = GeoBox((40, 50), Affine(10, 0, 500_000, 0, -10, -6_700_000), "EPSG:32633")
MIDDLE = Rectangle(7, 11, 33, 40)


@dataclass(frozen=True)
class Example:
    """A source, and where it has something.

    Attributes:
        source: that is looked at.
        geobox: at least 40 x 50 pixels, on those of its files.
        period: of its scenes.
        bands: names.
    """

    source: Source
    geobox: GeoBox
    period: Period
    bands: tuple[str, ...]

    @property
    def wanted(self) -> list[Wanted]:
        """All bands, as they are stored."""
        return [Wanted(name, "nearest") for name in self.bands]

    def loaded(self, window: Rectangle | None = None) -> Stack:
        """Everything there is."""
        scenes = self.source.settled(self.source.inputs(self.geobox, self.period))
        return self.source.load(scenes, View(self.geobox, window), self.wanted)


type Check = Callable[[Example], None]


def inputs_are_in_order_and_have_fingerprints(example: Example) -> None:
    scenes = example.source.inputs(example.geobox, example.period)
    assert scenes
    assert [scene.order for scene in scenes] == sorted(scene.order for scene in scenes)
    assert len({scene.id for scene in scenes}) == len(scenes)
    assert all(scene.version and example.period.contains(scene.instant) for scene in scenes)
    again = example.source.inputs(example.geobox, example.period)
    assert fingerprint(again) == fingerprint(scenes)
    assert fingerprint(scenes[1:]) != fingerprint(scenes)


def nothing_meets_a_place_far_away(example: Example) -> None:
    assert example.source.inputs(FAR_AWAY, example.period) == ()


def pixels_on_the_grid_are_the_files(example: Example) -> None:
    for scene in example.source.inputs(example.geobox, example.period):
        stack = example.source.load([scene], View(example.geobox), example.wanted)
        assert stack.geobox == example.geobox
        assert [one.id for group in stack.groups for one in group.scenes] == [scene.id]
        for name in example.bands:
            band = stack.bands[name]
            file = _read(scene.band(name), example.geobox, band.nodata)
            np.testing.assert_array_equal(band.stored[0], file)
            assert band.stored.dtype == file.dtype
            assert (band.scale, band.offsets) == (scene.band(name).scale, (scene.band(name).offset,))


def a_window_is_a_part_of_the_whole(example: Example) -> None:
    whole, part = example.loaded(), example.loaded(MIDDLE)
    assert part.geobox == part_of(example.geobox, MIDDLE)
    assert part.groups == whole.groups
    for name in example.bands:
        np.testing.assert_array_equal(part.bands[name].stored, whole.bands[name].stored[:, *MIDDLE.slices])


def a_worker_loads_the_same(example: Example) -> None:
    sent = pickle.loads(pickle.dumps(example))  # noqa: S301 - our own
    for name, band in sent.loaded().bands.items():
        np.testing.assert_array_equal(band.stored, example.loaded().bands[name].stored)


def stored_numbers_are_brought_to_one_offset(example: Example) -> None:
    scenes = example.source.inputs(example.geobox, example.period)
    name = example.bands[0]
    band = scenes[0].band(name)
    offset = band.offset - 3 * band.scale
    plain = example.source.load(scenes[:1], View(example.geobox), [Wanted(name, "nearest")]).bands[name]
    moved = example.source.load(scenes[:1], View(example.geobox), [Wanted(name, "nearest", offset=offset)]).bands[name]
    has_value = plain.stored != plain.nodata
    assert has_value.any()
    np.testing.assert_array_equal(moved.stored[has_value], plain.stored[has_value] + 3)
    np.testing.assert_array_equal(moved.stored[~has_value], plain.stored[~has_value])
    assert moved.offsets == (offset,)


def _read(band: SceneBand, geobox: GeoBox, nodata: float) -> np.ndarray[tuple[int, int], np.dtype[np.generic]]:
    """The band's file by plain rasterio, at the grid's corner; nodata where it does not reach."""
    path = f"/vsicurl/{band.href}" if band.href.startswith("http") else band.href
    with rasterio.open(path) as file:
        row, column = file.index(*(geobox.affine @ (0.5, 0.5)))
        height, width = geobox.shape
        window = rasterio.windows.Window(column, row, width, height)
        read: np.ndarray[tuple[int, int], np.dtype[np.generic]] = file.read(
            band.index, window=window, boundless=True, fill_value=nodata
        )
    return read


CHECKS: tuple[Check, ...] = (
    inputs_are_in_order_and_have_fingerprints,
    nothing_meets_a_place_far_away,
    pixels_on_the_grid_are_the_files,
    a_window_is_a_part_of_the_whole,
    a_worker_loads_the_same,
    stored_numbers_are_brought_to_one_offset,
)
