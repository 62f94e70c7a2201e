"""Co-occurrences against scikit-image, entropies against scipy, spectral distances and ratios against numpy."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from scipy import ndimage, stats
from scipy.spatial import distance
from skimage import feature, measure

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scenes import HEIGHTS, LABELS, MASK, RNG, SCENE
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, pixels, record, utm_grid, value

# scikit-image is typed in part only
graycomatrix: Any = feature.graycomatrix
graycoprops: Any = feature.graycoprops
shannon_entropy: Any = measure.shannon_entropy

OUT = utm_grid(5, 4, x=9, y=8)
ANGLES = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
LEVELS = (HEIGHTS // 40).astype("u1")
GREY = record("C/grey", {"g": LEVELS})


def texture(metric: str, **options: Any) -> np.ndarray:
    image: Any = ee.Image("C/grey").glcmTexture(**options).select(f"g_{metric}")
    ((data, mask),) = pixels(image, OUT, GREY)
    assert mask.all()
    return data


def matrices(row: int, column: int, size: int) -> np.ndarray:
    """Co-occurrences (level, level, 1, direction) as scikit-image counts them."""
    window = LEVELS[row - size : row + size + 1, column - size : column + size + 1]
    return np.asarray(graycomatrix(window, [1], ANGLES, levels=16, symmetric=True, normed=True))


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("asm", "ASM"), ("contrast", "contrast"), ("corr", "correlation"), ("idm", "homogeneity"),
        ("diss", "dissimilarity"), ("inertia", "contrast"), ("var", "variance"), ("ent", "entropy"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.functions("Image.glcmTexture", against="scikit-image")
def test_metrics_of_scikit_image(metric: str, name: str, size: int) -> None:
    found = texture(metric, size=size)
    for row in range(OUT.height):
        for column in range(OUT.width):
            counted = matrices(8 + row, 9 + column, size)
            expected = graycoprops(counted, name)[0]
            if metric == "corr":
                expected = np.where(graycoprops(counted, "variance")[0] > 1e-12, expected, 0)
            assert found[row, column] == pytest.approx(expected.mean(), abs=1e-9)


def plain_metrics(p: np.ndarray) -> dict[str, float]:
    """Metrics of one matrix as in the papers, with loops."""
    levels = range(len(p))
    single = p.sum(axis=0)
    mean = sum(i * single[i] for i in levels)
    sums = [sum(p[i, k - i] for i in levels if 0 <= k - i < len(p)) for k in range(2 * len(p) - 1)]
    gaps = [sum(p[i, j] for i in levels for j in levels if abs(i - j) == k) for k in levels]
    savg = sum(k * one for k, one in enumerate(sums))
    gap_mean = sum(k * one for k, one in enumerate(gaps))
    hxy, hx = stats.entropy(p.ravel()), stats.entropy(single)
    spread = {k: sum((i + j - 2 * mean) ** k * p[i, j] for i in levels for j in levels) for k in (3, 4)}
    product = np.outer(single, single)
    hxy2 = stats.entropy(product.ravel())
    return {
        "savg": savg,
        "svar": sum((k - savg) ** 2 * one for k, one in enumerate(sums)),
        "sent": stats.entropy(sums),
        "dvar": sum((k - gap_mean) ** 2 * one for k, one in enumerate(gaps)),
        "dent": stats.entropy(gaps),
        "imcorr1": (hxy - hxy2) / hx,
        "imcorr2": np.sqrt(max(0.0, 1 - np.exp(-2 * (hxy2 - hxy)))),
        "shade": spread[3],
        "prom": spread[4],
    }


@pytest.mark.functions("Image.glcmTexture", against="scipy")
def test_the_other_metrics_are_haralicks_and_conners() -> None:
    matrix = matrices(9, 11, 2)[:, :, 0, 0]
    for metric, expected in plain_metrics(matrix).items():
        image: Any = ee.Image("C/grey").glcmTexture(2, ee.Kernel.fixed(3, 1, [[1, 0, 1]]))
        ((data, _),) = pixels(image.select(f"g_{metric}"), utm_grid(1, 1, x=11, y=9), GREY)
        assert data[0, 0] == pytest.approx(expected, abs=1e-9), metric


@pytest.mark.functions("Image.glcmTexture", against="scikit-image")
def test_directions_apart() -> None:
    image = ee.Image("C/grey").glcmTexture(1, None, False)
    names = value(image.bandNames(), GREY)
    assert len(names) == 4 * 18
    assert names[0] == "g_asm_-1_-1"
    ((data, _),) = pixels(image.select("g_contrast_0_-1"), utm_grid(1, 1, x=11, y=9), GREY)
    assert data[0, 0] == pytest.approx(graycoprops(matrices(9, 11, 1), "contrast")[0, 2])


@pytest.mark.functions("Image.glcmTexture", against="numpy")
def test_pairs_with_a_masked_pixel_do_not_count() -> None:
    masked = record("C/m", {"g": ArrayBand(LEVELS, UTM, mask=MASK)})
    image: Any = ee.Image("C/m").glcmTexture(2, ee.Kernel.fixed(3, 1, [[1, 0, 1]])).select("g_diss")
    ((data, mask),) = pixels(image, utm_grid(30, 20, x=5, y=5), masked)
    np.testing.assert_array_equal(mask > 0, MASK[5:25, 5:35])
    for row, column in np.argwhere(mask > 0):
        r, c = row + 5, column + 5
        window, seen = (one[r - 2 : r + 3, c - 2 : c + 3] for one in (LEVELS.astype(int), MASK))
        both = seen[:, 1:] & seen[:, :-1]
        assert data[row, column] == pytest.approx(np.abs(np.diff(window, axis=1))[both].mean())


def test_levels_may_lie_as_far_apart_as_32_bits_allow() -> None:
    far = np.array([-(2**31), 7, 2**31 - 1], "i4")[LABELS]
    near = record("C/near", {"g": LABELS})
    wide = record("C/wide", {"g": far})
    (expected, _), (other, _) = (
        pixels(ee.Image(f"C/{name}").glcmTexture(2).select("g_asm"), OUT, near, wide)[0] for name in ("near", "wide")
    )
    np.testing.assert_allclose(other, expected)


@pytest.mark.functions("Image.entropy", against="scikit-image")
def test_entropy_of_windows() -> None:
    ((data, mask),) = pixels(ee.Image("C/hood").select("L").entropy(ee.Kernel.square(2)), OUT, SCENE)
    for row in range(OUT.height):
        for column in range(OUT.width):
            r, c = row + 8, column + 9
            window, seen = (one[r - 2 : r + 3, c - 2 : c + 3] for one in (LABELS, MASK))
            assert not mask[row, column] or data[row, column] == pytest.approx(shannon_entropy(window[seen]))
    np.testing.assert_array_equal(mask > 0, MASK[8:12, 9:14])


def test_textures_want_whole_numbers() -> None:
    for made in (
        ee.Image("C/hood").select("height").glcmTexture(),
        ee.Image("C/hood").select("height").entropy(ee.Kernel.square(1)),
    ):
        with pytest.raises(ServiceError, match="Only 32-bit or smaller integer types are currently supported"):
            pixels(made, OUT, SCENE)
    with pytest.raises(ServiceError, match=r"Expected a size of 1\.\.32, got 99"):
        pixels(ee.Image("C/grey").glcmTexture(99), OUT, GREY)
    with pytest.raises(ServiceError, match="reaches farther than the neighborhood"):
        pixels(ee.Image("C/grey").glcmTexture(1, ee.Kernel.square(3)), OUT, GREY)


SPECTRA = RNG.random((2, 4, 6, 7)) + 0.1
PAIR = [record(f"C/s{n}", {f"b{k}": SPECTRA[n, k] for k in range(4)}) for n in range(2)]


@pytest.mark.parametrize("metric", ["sam", "sid", "sed", "emd"])
@pytest.mark.functions("Image.spectralDistance", against="scipy")
def test_spectral_distances(metric: str) -> None:
    image: Any = ee.Image("C/s0").spectralDistance(ee.Image("C/s1"), metric)
    assert value(image.bandNames(), *PAIR) == ["distance"]
    ((data, mask),) = pixels(image, utm_grid(7, 6), *PAIR)
    assert mask.all()
    for row, column in np.ndindex(6, 7):
        a, b = SPECTRA[0, :, row, column], SPECTRA[1, :, row, column]
        expected = {
            "sam": np.arccos(1 - distance.cosine(a, b)),
            "sid": stats.entropy(a, b) + stats.entropy(b, a),
            "sed": distance.sqeuclidean(a, b),
            "emd": sum(abs(sum(a[: k + 1]) - sum(b[: k + 1])) for k in range(4)),
        }[metric]
        assert data[row, column] == pytest.approx(expected)


def test_spectral_distances_need_as_many_bands() -> None:
    with pytest.raises(ServiceError, match="same number of bands, at least 1; got 4 and 1"):
        pixels(ee.Image("C/s0").spectralDistance(ee.Image(1)), utm_grid(1, 1), *PAIR)
    with pytest.raises(ServiceError, match="Expected metric sam, sid, sed, emd, got 'x'"):
        pixels(ee.Image("C/s0").spectralDistance(ee.Image("C/s1"), "x"), utm_grid(1, 1), *PAIR)


@pytest.mark.functions("Sentinel2.CDI", against="scipy")
def test_the_cloud_displacement_index() -> None:
    seven, eight, narrow = (RNG.integers(500, 4000, (24, 26)).astype("u2") for _ in range(3))
    scene = record("C/l1c", {"B7": seven, "B8": eight, "B8A": narrow})
    ((data, mask),) = pixels(ee.Algorithms.Sentinel2.CDI(ee.Image("C/l1c")), utm_grid(12, 10, x=7, y=6), scene)

    def local_variance(band: np.ndarray) -> np.ndarray:
        ratio = band / narrow
        return np.asarray(ndimage.uniform_filter(ratio**2, 7) - ndimage.uniform_filter(ratio, 7) ** 2)

    v7, v8 = local_variance(seven), local_variance(eight)
    np.testing.assert_allclose(data, ((v7 - v8) / (v7 + v8))[6:16, 7:19], atol=1e-5)
    assert mask.all()
    with pytest.raises(ServiceError, match="The image has no band 'B7'"):
        pixels(ee.Algorithms.Sentinel2.CDI(ee.Image("C/grey")), OUT, GREY)
