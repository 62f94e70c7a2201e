"""Pictures of samples and chips: their size, and colours at known places."""

import io

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image

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


def test_a_map_shows_each_split_in_its_colour_within_the_outline() -> None:
    random = np.random.default_rng(2)
    where = np.concatenate([random.uniform(0, 1, (300, 2)), random.uniform(2, 3, (100, 2))])
    columns = {"split": ["train"] * 300 + ["test"] * 100, "label": None}
    places = geopandas.GeoDataFrame(columns, geometry=shapely.points(where), crs="EPSG:4326")
    shown = colours(samples_map(shapely.box(0, 0, 3, 3), "EPSG:4326", places, title="map"))
    assert has(shown, (43, 108, 176), pixels=300)
    assert has(shown, (221, 107, 32), pixels=300)


def test_a_region_beyond_the_antimeridian_has_its_places_inside() -> None:
    x = np.array([179.5, -179.5])
    places = geopandas.GeoDataFrame(
        {"split": None, "label": ["a", "b"]}, geometry=shapely.points(x, [0.0, 0.0]), crs="EPSG:4326"
    )
    shown = colours(samples_map(shapely.box(179, -1, 181, 1), "EPSG:4326", places, title="map"))
    width = shown.shape[1]
    drawn = np.abs(shown.astype(int) - (43, 108, 176)).max(axis=-1) < 60
    assert drawn[:, : width // 2].any()
    assert (np.abs(shown.astype(int) - (221, 107, 32)).max(axis=-1) < 60)[:, width // 2 :].any()
