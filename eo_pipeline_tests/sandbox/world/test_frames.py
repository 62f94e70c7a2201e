import numpy as np
import pyproj

from eo_pipeline.sandbox.world.frames import Frame, nodes_of, world


def test_world_coordinates_are_mercator_in_units_of_the_equator() -> None:
    mercator = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    x, y = mercator.transform(15.5, 48.3)
    u, v = world(np.array(15.5), np.array(48.3))
    equator = 2 * np.pi * 6378137
    np.testing.assert_allclose([u, v], [x / equator + 0.5, y / equator], atol=1e-12)


def test_pixels_between_nodes_are_where_proj_says() -> None:
    frame = Frame("EPSG:32633", 537123.0, 5350987.0, 10.0, 70, 60, 10.0)
    nodes = nodes_of(frame)
    x, y = np.meshgrid(frame.columns, frame.rows)
    longitude, latitude = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True).transform(x, y)
    np.testing.assert_allclose(nodes.spread(nodes.longitude), longitude, atol=1e-8)
    np.testing.assert_allclose(nodes.spread(nodes.latitude), latitude, atol=1e-8)


def test_a_pixel_does_not_depend_on_the_window() -> None:
    whole = Frame("EPSG:32633", 537123.0, 5350987.0, 10.0, 70, 60, 10.0)
    part = Frame("EPSG:32633", 537123.0 + 170, 5350987.0 - 250, 10.0, 5, 7, 10.0)
    sparse = Frame("EPSG:32633", 537123.0, 5350987.0, 320.0, 3, 2, 10.0)

    def values(frame: Frame) -> np.ndarray:
        return nodes_of(frame).smooth(lambda u, v: np.sin(u * 1e6) * np.cos(v * 1e6))

    np.testing.assert_array_equal(values(part), values(whole)[25:32, 17:22])
    np.testing.assert_array_equal(values(sparse), values(whole)[::32, ::32])


def test_longitudes_do_not_jump_at_the_antimeridian() -> None:
    nodes = nodes_of(Frame("EPSG:32601", 166000.0, 1900000.0, 10_000.0, 20, 2, 10.0))
    assert nodes.longitude.min() < -180
    assert np.ptp(nodes.longitude) < 3
