"""Pictures of samples and chips: their size, and colours at known places."""

import io

import geopandas
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.contact_sheet import Captioned, contact_sheet
from eo_pipeline.core.chips.samples_map import samples_map
from eo_pipeline.core.pictures import MAX_BYTES

RED, GREEN, BLUE = (BandEncoding(name, "uint8", 1.0, 0.0, 255, "", "") for name in ("r", "g", "b"))
COUNT = BandEncoding("n_obs", "uint8", 1.0, 0.0, 255, "", "", "count")


def colours(png: bytes) -> NDArray[np.uint8]:
    assert len(png) <= MAX_BYTES
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def has(picture: NDArray[np.uint8], colour: tuple[int, int, int], *, pixels: int) -> bool:
    near = np.abs(picture.astype(int) - colour).max(axis=-1) < 40
    return int(near.sum()) >= pixels


def flat(*values: int) -> NDArray[np.uint8]:
    return np.stack([np.full((64, 64), value, "u1") for value in values])


def test_three_bands_are_red_green_and_blue() -> None:
    chips = [Captioned(flat(200, 0, 0, 3), "a"), Captioned(flat(0, 200, 0, 3), "b"), Captioned(flat(0, 0, 200, 3), "c")]
    shown = colours(contact_sheet(chips, [RED, GREEN, BLUE, COUNT], title="three"))
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255)):
        assert has(shown, colour, pixels=2000), colour


def test_one_band_has_a_colour_map_whose_ends_all_chips_share() -> None:
    shown = colours(
        contact_sheet([Captioned(flat(0, 9), "low"), Captioned(flat(100, 9), "high")], [RED, COUNT], title="")
    )
    assert has(shown, (68, 1, 84), pixels=2000)
    assert has(shown, (253, 231, 37), pixels=2000)


def test_what_is_unusable_is_white_and_colours_are_shown_as_they_are() -> None:
    nothing = colours(contact_sheet([Captioned(flat(255), "")], [RED], title=""))
    assert (nothing > 200).mean() > 0.9
    assert has(
        colours(contact_sheet([Captioned(flat(10, 200, 30, 255), "")], [], title="")), (10, 200, 30), pixels=2000
    )


def test_many_large_chips_of_noise_stay_small() -> None:
    noise = np.random.default_rng(1).integers(0, 250, (3, 512, 512), dtype="u1")
    colours(contact_sheet([Captioned(noise, "x")] * 25, [RED, GREEN, BLUE], title="noise"))


TRAIN, TEST = (0, 114, 178), (230, 159, 0)
"""Colours of the largest and the second largest group."""


def test_a_map_shows_each_split_in_its_colour_within_the_outline() -> None:
    random = np.random.default_rng(2)
    where = np.concatenate([random.uniform(0, 1, (300, 2)), random.uniform(2, 3, (100, 2))])
    columns = {"split": ["train"] * 300 + ["test"] * 100, "label": None}
    places = geopandas.GeoDataFrame(columns, geometry=shapely.points(where), crs="EPSG:4326")
    shown = colours(samples_map(shapely.box(0, 0, 3, 3), "EPSG:4326", places, title="map"))
    assert has(shown, TRAIN, pixels=300)
    assert has(shown, TEST, pixels=300)


def one_each_side(region: BaseGeometry) -> NDArray[np.uint8]:
    """A map of two places, of a smaller class west and a larger class east of the 180th meridian."""
    points = shapely.points([179.5, -179.5, -179.4], [0.0, 0.0, 0.0])
    places = geopandas.GeoDataFrame({"split": None, "label": ["a", "b", "b"]}, geometry=points, crs="EPSG:4326")
    return colours(samples_map(region, "EPSG:4326", places, title="map"))


@pytest.mark.parametrize(
    "region",
    [shapely.box(179, -1, 181, 1), shapely.union(shapely.box(179, -1, 180, 1), shapely.box(-180, -1, -179, 1))],
)
def test_a_region_beyond_the_antimeridian_has_its_places_inside(region: BaseGeometry) -> None:
    shown = one_each_side(region)[40:]  # below the legend
    columns = [
        np.flatnonzero(np.abs(shown.astype(int) - colour).max(axis=-1).min(axis=0) < 60) for colour in (TEST, TRAIN)
    ]
    assert columns[0].size
    assert columns[0].max() + 50 < columns[1].min()


def test_more_classes_than_colours_are_drawn_as_others() -> None:
    labels = [str(number) for number in range(12)]
    places = geopandas.GeoDataFrame(
        {"split": None, "label": labels}, geometry=shapely.points(np.linspace(0.1, 0.9, 12), 0.5), crs="EPSG:4326"
    )
    shown = colours(samples_map(shapely.box(0, 0, 1, 1), "EPSG:4326", places, title="map"))
    assert has(shown, (127, 127, 127), pixels=100)


def test_a_hole_in_a_region_is_empty() -> None:
    ring = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    places = geopandas.GeoDataFrame(
        {"split": None, "label": [None]}, geometry=[shapely.Point(0.5, 0.5)], crs="EPSG:4326"
    )
    shown = colours(samples_map(ring, "EPSG:4326", places, title=""))
    filled = np.abs(shown.astype(int) - (240, 243, 246)).max(axis=-1) < 3
    rows, columns = np.nonzero(filled)
    middle = filled[(rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2]
    assert not middle
    assert filled.mean() > 0.2
