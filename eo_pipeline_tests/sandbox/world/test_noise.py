import numpy as np
import pytest

from eo_pipeline.sandbox.world.noise import coarser_than, layered, ramp, uniform, value_noise


def test_noise_has_the_mean_and_range_of_its_definition() -> None:
    u, v = np.meshgrid(np.linspace(0, 1, 900), np.linspace(-0.3, 0.3, 700))
    noise = value_noise(u, v, 8, 3)
    assert noise.dtype == np.float32
    assert 0 <= noise.min() < 0.02
    assert 0.98 < noise.max() < 1
    assert abs(noise.mean() - 0.5) < 0.01


def test_noise_equals_its_lattice_values_at_lattice_points() -> None:
    i, j = np.meshgrid(np.arange(16), np.arange(-5, 5))
    np.testing.assert_array_equal(value_noise(i / 16, j / 16, 4, 9), uniform(i, j, 9))


def test_noise_is_the_smoothstep_of_its_corners() -> None:
    corners = [[float(uniform(i, j, 5)[0]) for i in (3, 4)] for j in (7, 8)]
    x, y = (t * t * (3 - 2 * t) for t in (0.3, 0.8))
    south = corners[0][0] * (1 - x) + corners[0][1] * x
    north = corners[1][0] * (1 - x) + corners[1][1] * x
    noise = value_noise(np.array([3.3 / 32]), np.array([7.8 / 32]), 5, 5)
    np.testing.assert_allclose(noise, south * (1 - y) + north * y, atol=1e-5)


def test_noise_is_periodic_around_the_globe() -> None:
    u, v = np.linspace(-0.01, 0.01, 50), np.linspace(0, 0.01, 50)
    np.testing.assert_allclose(value_noise(u, v, 9, 1), value_noise(u + 1, v, 9, 1), atol=1e-4)


def test_sparse_and_dense_evaluation_agree() -> None:
    u, v = np.meshgrid(np.linspace(0, 0.001, 64), np.linspace(0, 0.001, 64))
    dense = value_noise(u, v, 14, 2)
    sparse = value_noise(u[[0, 63]][:, [0, 63]], v[[0, 63]][:, [0, 63]], 14, 2)
    np.testing.assert_array_equal(sparse, dense[[0, 63]][:, [0, 63]])


def test_layers_are_centred_sums_and_fine_ones_can_be_left_out() -> None:
    u, v = np.array([0.123]), np.array([0.2])
    expected = 2 * (value_noise(u, v, 3, 13) - 0.5) + 0.5 * (value_noise(u, v, 6, 16) - 0.5)
    np.testing.assert_allclose(layered(u, v, {3: 2.0, 6: 0.5}, 10), expected, atol=1e-6)
    assert coarser_than(100.0, {18: 1.0, 19: 1.0}) == {18: 1.0}


def test_ramp_rises_or_falls_between_its_ends() -> None:
    np.testing.assert_allclose(ramp(np.array([0, 1, 1.5, 2, 9]), 1, 2), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(ramp(np.array([0, 1, 1.5, 2, 9]), 2, 1), [1, 1, 0.5, 0, 0])


@pytest.mark.parametrize("shapes", [((7,), (7,)), ((1, 9), (8, 1)), ((6, 5), (6, 5)), ((60, 60), (60, 60))])
def test_layers_are_the_weighted_sum_of_octaves(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(4)
    u, v = rng.uniform(-1, 2, shapes[0]), rng.uniform(-0.5, 0.5, shapes[1])
    amplitudes = {5: 0.75, 11: 0.3, 16: 0.1}
    expected = np.zeros(np.broadcast_shapes(*shapes), np.float32)
    for octave, amplitude in amplitudes.items():
        expected += np.float32(amplitude) * (value_noise(u, v, octave, 5_000_003 + octave) - np.float32(0.5))
    np.testing.assert_array_equal(layered(u, v, amplitudes, 5_000_003), expected)
