"""What a product of scenes, files or aligned tiles may say, and what is said of wrong ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.product import Product
from eo_pipeline_tests.products import product

STAC = {"stac": "https://stac.example.org/v1", "collection": "sentinel-2-l2a", "bands": ["red", "nir"]}
TILES = {"tiles": "gs://tiles/{period}/*.tif", "bands": ["land_cover"]}
CUBE = {"repository": "cubes/s2"}
OUTPUT = {
    "red": {"dtype": "uint16", "scale": 0.0001, "offset": -0.1, "nodata": 0},
    "ndvi": {"dtype": "int16", "scale": 0.0001, "nodata": -32768},
}
NDVI = {"ndvi": {"formula": "(nir - red) / (nir + red)"}}


def made(source: dict[str, Any] = STAC, **sections: Any) -> Product:
    """A product of scenes with a cube; sections are laid over it."""
    parts = {"output": OUTPUT, "index": NDVI, "mask": None, "export": {}, "cube": CUBE, **sections}
    return product(source=source, **parts)


def said(source: dict[str, Any] = STAC, **sections: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        made(source, **sections)
    return "\n".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in caught.value.errors())


def test_bands_of_scenes_have_types_of_their_own_and_counts_are_whole() -> None:
    found = made(composite={"counts": ["n_obs", "n_valid"]})
    assert found.made_here
    assert [(band.name, band.dtype, band.nodata, band.kind) for band in found.bands] == [
        ("red", "uint16", 0, "continuous"),
        ("ndvi", "int16", -32768, "continuous"),
        ("n_obs", "uint16", None, "count"),
        ("n_valid", "uint16", None, "count"),
    ]
    assert found.bands[0] == BandEncoding("red", "uint16", 0.0001, -0.1, 0)


@pytest.mark.parametrize("reducer", ["min", "max", "mosaic", "first", "medoid"])
def test_the_day_of_a_pixel_s_image_is_kept_where_it_is_of_one(reducer: str) -> None:
    found = made(composite={"reducer": reducer, "counts": ["n_obs", "source_day"]}).bands[-1]
    assert (found.name, found.dtype, found.nodata, found.kind, found.units) == (
        "source_day",
        "uint16",
        0,
        "categorical",
        "d",
    )
    best = made(composite={"reducer": "best_pixel", "quality": "ndvi", "counts": ["source_day"]})
    assert best.bands[-1] == found


def test_a_band_tells_its_valid_range() -> None:
    red = {**OUTPUT["red"], "valid_range": [1, 11000]}
    assert made(output={"red": red}, index={}).bands[0].valid_range == (1, 11000)
    assert "field valid_range: expected stored numbers, which uint16 holds" in said(
        output={"red": {**red, "valid_range": [1, 1e6]}}, index={}
    )


def test_what_earth_engine_exports_still_has_one_type() -> None:
    with pytest.raises(ValidationError, match="one dtype and nodata for all bands"):
        product(output={"B4": OUTPUT["red"], "B8": OUTPUT["ndvi"]}, source={"collection": "X/Y", "bands": ["B4", "B8"]})


def test_scenes_may_have_a_probability_of_another_name() -> None:
    found = made(mask={"s2cloudless": {"band": "cloud", "threshold": 40}, "dilation": 3}).mask
    assert found is not None
    assert found.score is not None
    assert (found.score.band, found.quality_band) == ("cloud", None)


def test_nodata_of_the_source_is_for_what_is_read_here() -> None:
    found = made({**STAC, "nodata": 0}).source
    assert found is not None
    assert found.nodata == 0
    assert "nodata: expected it beside stac or files" in said({**TILES, "nodata": 0})
    assert "nodata: expected it beside stac or files" in said({"collection": "X/Y", "bands": ["B4"], "nodata": 0})


def test_each_place_has_its_name() -> None:
    assert made().source.place == "stac"  # type: ignore[union-attr] # it has one
    files = made({"files": "era5/*.nc", "bands": ["red", "nir"]}).source
    assert files is not None
    assert files.place == "files"
    tiles = made(TILES, index={}, output={"land_cover": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}})
    assert tiles.source is not None
    assert tiles.source.place == "tiles"
    assert not product().made_here


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source": {**STAC, "files": "x/*.nc"}}, "expected one of stac, files, tiles, got stac and files"),
        ({"source": {"stac": "https://x", "bands": ["red"]}}, "expected `collection`"),
        ({"source": {"bands": ["red"]}}, "expected `collection`"),
        (
            {"source": {"files": "x/*.nc", "bands": ["red"], "where": {"a": {"lt": 1}}}},
            "expected no where beside `files`",
        ),
        ({"cube": None}, "expected `cube` beside source.stac"),
        ({"export": {"priority": 7}}, "expected no export beside source.stac, since pixels are read and composed here"),
        ({"mosaic": {"overlap": "last"}}, "expected no mosaic beside source.stac"),
        ({"period": {"every": "image", "start": "2024-01"}}, "got image; write day"),
        ({"zones": {"file": "z.gpkg", "id": "n"}}, "write of: cube"),
        (
            {"composite": {"reducer": "median", "counts": ["source_day"]}},
            "expected source_day only where a pixel is",
        ),
        (
            {"composite": {"reducer": "best_pixel", "quality": "B8"}},
            "expected one of red, nir, ndvi, which every",
        ),
        ({"index": {"ndvi": {"formula": "nir +"}}}, "index.ndvi: formula: expected a number, a band or a function"),
        ({"index": {"ndvi": {"formula": "gamma(nir)"}}}, "index.ndvi: formula: expected one of abs, acos"),
        ({"cube": {**CUBE, "engine": "spark"}}, "expected processes, processes:4"),
        ({"source": TILES, "output": {}, "index": {}, "mask": {"scl_exclude": [3]}}, "tiles are copied as they are"),
        (
            {"source": TILES, "output": {}, "index": {}, "cube": {**CUBE, "land": "packaged"}},
            "expected no land beside source.tiles",
        ),
        (
            {
                "source": TILES,
                "output": {},
                "index": {},
                "area": {"cover": "a.geojson", "crs": "EPSG:4326", "resolution": 0.1},
            },
            "expected box alone beside source.tiles",
        ),
    ],
)
def test_what_does_not_fit_is_said(wrong: dict[str, Any], words: str) -> None:
    assert words in said(**wrong)


def test_cubes_of_mosaics_choose_their_areas_otherwise() -> None:
    with pytest.raises(ValidationError, match=r"expected no land or engine in a cube of Earth Engine's mosaics"):
        product(cube={**CUBE, "land": "packaged", "engine": "processes:2"})
