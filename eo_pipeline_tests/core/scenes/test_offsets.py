"""Offsets of Sentinel-2 items: what published items and reports of wrong ones say."""

import numpy as np
import pytest

from eo_pipeline.core.scenes.offset_witness import witnessed_offset
from eo_pipeline.core.scenes.offsets import OffsetFacts, decide_offset

EARTH_SEARCH, COLLECTION_1, PLANETARY = "sentinel-2-l2a", "sentinel-2-c1-l2a", "sentinel-2-l2a-pc"


@pytest.mark.parametrize(
    ("facts", "offset"),
    [
        (OffsetFacts(EARTH_SEARCH, applied=False, baseline=2.14, declared=0.0), 0.0),
        (OffsetFacts(EARTH_SEARCH, applied=False, baseline=4.0, declared=-0.1), -0.1),
        (OffsetFacts(EARTH_SEARCH, applied=True, baseline=4.0, declared=-0.1), 0.0),
        (OffsetFacts(EARTH_SEARCH, applied=True, baseline=5.09, declared=0.0), 0.0),
        (OffsetFacts(COLLECTION_1, applied=False, baseline=5.0, declared=-0.1), -0.1),
        (OffsetFacts(COLLECTION_1, applied=None, baseline=5.0, declared=-0.1), -0.1),
        (OffsetFacts(PLANETARY, applied=None, baseline=3.0, declared=None), 0.0),
        (OffsetFacts(PLANETARY, applied=None, baseline=5.11, declared=None), -0.1),
        (OffsetFacts("other", applied=None, baseline=None, declared=-0.1), -0.1),
        (OffsetFacts("other", applied=True, baseline=None, declared=-0.1), 0.0),
        (OffsetFacts("other", applied=None, baseline=None, declared=None), 0.0),
    ],
)
def test_what_an_item_says_decides(facts: OffsetFacts, offset: float) -> None:
    assert decide_offset(facts).offset == offset


@pytest.mark.parametrize(
    ("facts", "doubt"),
    [
        (OffsetFacts(EARTH_SEARCH, applied=False, baseline=4.0, declared=-0.1), "reported"),
        (OffsetFacts(EARTH_SEARCH, applied=True, baseline=5.11, declared=-0.1), "reported"),
        (OffsetFacts(EARTH_SEARCH, applied=False, baseline=3.01, declared=0.0), ""),
        (OffsetFacts(COLLECTION_1, applied=False, baseline=5.11, declared=-0.1), ""),
        (OffsetFacts(COLLECTION_1, applied=False, baseline=5.11, declared=0.0), "declared is 0"),
        (
            OffsetFacts(COLLECTION_1, applied=None, baseline=2.09, declared=-0.1),
            "baseline 02.09 has no offset, and -0.1",
        ),
    ],
)
def test_items_that_may_be_wrong_are_in_doubt(facts: OffsetFacts, doubt: str) -> None:
    found = decide_offset(facts).doubt
    assert doubt in found
    assert bool(doubt) == bool(found)


def vegetation(median: int, pixels: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Red around a median where there is vegetation, bright soil, nodata and clouds elsewhere."""
    random = np.random.default_rng(1)
    red = np.full((60, 60), 4500, np.uint16)
    scl = np.full(red.shape, 5, np.uint8)
    chosen = np.arange(pixels)
    red.flat[chosen] = median + random.integers(-100, 101, pixels)
    scl.flat[chosen] = 4
    red[40:, :30], scl[40:, 30:] = 0, 9
    return red, scl


@pytest.mark.parametrize(("median", "offset"), [(400, 0.0), (1400, -0.1), (1000, None), (1119, None), (850, None)])
def test_vegetation_shows_the_offset(median: int, offset: float | None) -> None:
    assert witnessed_offset(*vegetation(median)) == offset


def test_a_desert_shows_nothing() -> None:
    assert witnessed_offset(*vegetation(400, pixels=150)) is None
