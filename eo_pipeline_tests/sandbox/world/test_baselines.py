"""COPERNICUS/S2_SR before and after baseline 04.00."""

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import S2, Search

PLAIN = "COPERNICUS/S2_SR"
PLACE = shapely.Point(15.5, 48.3)


def last_and_first(search: Search) -> tuple[ImageRecord, ImageRecord]:
    """The last scene before 2022-01-25 and the first one from then on."""
    before = list(search(PLAIN, "2022-01-01", "2022-01-25", PLACE))
    return before[-1], next(search(PLAIN, "2022-01-25", "2022-02-25", PLACE))


@pytest.mark.parametrize(("later", "offset", "baseline"), [(False, 0, "03.01"), (True, 1000, "04.00")])
def test_reflectances_are_a_thousand_larger_from_2022_01_25(
    world: ProceduralWorld, search: Search, *, later: bool, offset: int, baseline: str
) -> None:
    record = last_and_first(search)[later]
    harmonized = world.image(record.id.replace(PLAIN, S2))
    assert harmonized is not None
    assert list(record.bands) == list(harmonized.bands)
    for band in ("B1", "B4", "B8", "B12"):
        stored, known = (one.bands[band].read(0, 500, 500, 80, 60)[0].astype(int) for one in (record, harmonized))
        np.testing.assert_array_equal(stored - known, offset)
    for band in ("SCL", "QA60"):
        np.testing.assert_array_equal(
            record.bands[band].read(0, 500, 500, 80, 60)[0], harmonized.bands[band].read(0, 500, 500, 80, 60)[0]
        )
    assert record.properties["PROCESSING_BASELINE"] == baseline
    assert f"_N{baseline.replace('.', '')}_" in str(record.properties["PRODUCT_ID"])
    assert str(record.properties["DATATAKE_IDENTIFIER"]).endswith(f"_N{baseline}")


def test_masked_pixels_and_their_means_have_no_offset(search: Search) -> None:
    partial = next(
        record
        for record in search(PLAIN, "2022-02-01", "2022-03-01", shapely.box(9, 45, 20, 49))
        if 30 < float(str(record.properties["NODATA_PIXEL_PERCENTAGE"])) < 70
    )
    data, mask = partial.bands["B4"].read(7, 0, 0, 86, 86)
    assert (data[mask == 0] == 0).all()
    assert (data[mask > 0] > 1000).all()
