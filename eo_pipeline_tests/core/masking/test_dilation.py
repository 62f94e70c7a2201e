"""Disks around unusable pixels and in them, against scikit-image's disk and scipy's dilation and erosion."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage import morphology

from eo_pipeline.core.masking import Classes, MaskRule
from eo_pipeline.core.masking.dilation import dilated, opened
from eo_pipeline.errors import ProductError

CLOUD, CLEAR, NODATA = 9, 4, 0


def disk(radius: int) -> NDArray[np.uint8]:
    """1 within so many pixels of the middle."""
    found: NDArray[np.uint8] = morphology.disk(radius)  # type: ignore[no-untyped-call]  # scikit-image has no types
    return found


def rule(dilation: float, opening: float = 0.0) -> MaskRule:
    return MaskRule("SCL", Classes(frozenset({CLOUD}), usable_if_listed=False), dilation, opening)


def clouds(seed: int, shape: tuple[int, ...], share: float = 0.02) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) < share


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 11])
@pytest.mark.parametrize("share", [0.0, 0.005, 0.1, 1.0])
def test_it_is_the_dilation_by_a_disk(radius: int, share: float) -> None:
    marked = clouds(radius, (61, 83), share)
    wanted = ndimage.binary_dilation(marked, disk(radius))
    np.testing.assert_array_equal(dilated(marked, radius), wanted)


@pytest.mark.parametrize("radius", [0.5, 1.5, 2.3, 3.99])
def test_a_radius_may_have_a_fraction(radius: float) -> None:
    marked = clouds(4, (40, 50))
    y, x = np.mgrid[-5:6, -5:6]
    wanted = ndimage.binary_dilation(marked, y**2 + x**2 <= radius**2)
    np.testing.assert_array_equal(dilated(marked, radius), wanted)


def test_the_widest_disk_reaches_no_further_than_it_says() -> None:
    marked = np.zeros((1, 600), dtype=np.bool_)
    marked[0, 300] = True
    assert np.flatnonzero(dilated(marked, 254)).tolist() == list(range(300 - 254, 300 + 255))


def test_observations_do_not_touch_each_other() -> None:
    marked = clouds(7, (3, 30, 30))
    for before, after in zip(marked, dilated(marked, 4), strict=True):
        np.testing.assert_array_equal(after, ndimage.binary_dilation(before, disk(4)))


def test_windows_with_their_halo_equal_the_whole_picture() -> None:
    mask = rule(6)
    assert mask.halo == 6
    scene = np.where(clouds(2, (100, 120), 0.003), CLOUD, CLEAR).astype(np.uint8)
    whole = ~ndimage.binary_dilation(scene == CLOUD, disk(6))
    padded = np.pad(scene, mask.halo, constant_values=NODATA)
    lost = 0
    for top in range(0, 100, 20):
        for left in range(0, 120, 24):
            window = padded[top : top + 20 + 12, left : left + 24 + 12]
            usable = mask.usable(window, nodata=NODATA)
            np.testing.assert_array_equal(usable, whole[top : top + 20, left : left + 24])
            alone = ~dilated(scene[top : top + 20, left : left + 24] == CLOUD, 6)
            lost += int((alone & ~usable).sum())
    assert lost > 100, "the scene should show what windows without a halo would miss"


def test_only_what_is_known_to_be_unusable_grows() -> None:
    scene = np.full((9, 9), CLEAR, np.uint8)
    scene[:, :3] = NODATA
    scene[4, 8] = CLOUD
    usable = rule(1).usable(np.pad(scene, 1, constant_values=NODATA), nodata=NODATA)
    wanted = np.ones((9, 9), dtype=np.bool_)
    wanted[:, :3] = False
    for y, x in ((4, 8), (3, 8), (5, 8), (4, 7)):
        wanted[y, x] = False
    np.testing.assert_array_equal(usable, wanted)


def test_a_cloud_over_pixels_of_unknown_class_still_grows_beyond_them() -> None:
    scene = np.array([[CLOUD, NODATA, CLEAR, CLEAR]], np.uint8)
    padded = np.pad(scene, 2, constant_values=NODATA)
    assert rule(2).usable(padded, nodata=NODATA).tolist() == [[False, False, False, True]]


def blobs(seed: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Some wide, some of a few pixels."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2)
    return np.asarray((smooth > 0.15) | clouds(seed + 1, shape))


@pytest.mark.parametrize("radius", [0, 1, 2, 3.5, 5])
def test_it_is_the_opening_by_a_disk(radius: float) -> None:
    y, x = np.mgrid[-5:6, -5:6]
    footprint = y**2 + x**2 <= radius**2
    known = ~clouds(11, (70, 90), 0.01)
    marked = blobs(int(radius), (70, 90)) & known
    middles = ndimage.binary_erosion(marked | ~known, footprint, border_value=1) & known
    wanted = ndimage.binary_dilation(middles, footprint) & known
    found = opened(marked, radius, known=known)
    np.testing.assert_array_equal(found, wanted)
    assert (found.sum() < marked.sum()) == (radius > 0)
    assert not (found & ~marked).any()


def test_specks_are_dropped_before_anything_grows() -> None:
    scene = np.full((21, 30), CLEAR, np.uint8)
    scene[8:13, 5:10] = CLOUD
    scene[4, 25] = scene[15:17, 20:22] = CLOUD
    padded = np.pad(scene, rule(3, 2).halo, constant_values=NODATA)
    square = np.zeros(scene.shape, dtype=np.bool_)
    square[8:13, 5:10] = True
    rounded = ndimage.binary_opening(square, disk(2))
    assert rounded.sum() == 13, "the disk of two pixels, of the square of five"
    usable = rule(3, 2).usable(padded, nodata=NODATA)
    np.testing.assert_array_equal(usable, ~ndimage.binary_dilation(rounded, disk(3)))


def test_windows_with_their_halo_are_opened_as_the_whole_picture_is() -> None:
    mask = rule(3, 2)
    assert mask.halo == 2 * 2 + 3
    scene = np.where(blobs(5, (100, 120)), CLOUD, CLEAR).astype(np.uint8)
    whole = mask.usable(np.pad(scene, mask.halo, constant_values=NODATA), nodata=NODATA)
    middles = ndimage.binary_erosion(scene == CLOUD, disk(2), border_value=1)
    wanted = ~ndimage.binary_dilation(ndimage.binary_dilation(middles, disk(2)), disk(3))
    np.testing.assert_array_equal(whole, wanted)
    padded = np.pad(scene, mask.halo, constant_values=NODATA)
    for top in range(0, 100, 20):
        for left in range(0, 120, 24):
            window = padded[top : top + 20 + 2 * mask.halo, left : left + 24 + 2 * mask.halo]
            usable = mask.usable(window, nodata=NODATA)
            np.testing.assert_array_equal(usable, whole[top : top + 20, left : left + 24])


@pytest.mark.parametrize("opening", [-1.0, 254.5, float("nan")])
def test_openings_that_cannot_be_are_refused(opening: float) -> None:
    with pytest.raises(ProductError, match=r"expected an opening from 0 to 254 pixels, got .*give it in pixels"):
        rule(0, opening)


@pytest.mark.parametrize("dilation", [-1.0, 254.5, float("nan")])
def test_radii_that_cannot_be_are_refused(dilation: float) -> None:
    with pytest.raises(ProductError, match=r"expected a dilation from 0 to 254 pixels, got .*give it in pixels"):
        rule(dilation)
