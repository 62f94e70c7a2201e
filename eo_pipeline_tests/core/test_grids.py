import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core import grids
from eo_pipeline.core.grids import Lattice
from eo_pipeline.errors import ProductError

UTM = Lattice("EPSG:32633", 10.0, 0.0, 0.0)
DEGREES = Lattice("EPSG:4326", 0.25, 0.0, 0.0)


def test_a_cell_lies_where_its_key_says() -> None:
    [area] = grids.cells(UTM, tile=256, cover=[shapely.box(516_000, 5_350_000, 516_100, 5_350_100)])
    column, row = 516_000 // 2560, 5_350_000 // 2560
    assert area.key == f"E{column:04d}N{row:04d}"
    bounds = area.geobox.boundingbox
    assert (bounds.left, bounds.bottom) == (column * 2560, row * 2560)
    assert (bounds.right, bounds.top) == ((column + 1) * 2560, (row + 1) * 2560)
    assert area.geobox.shape == (256, 256)
    assert area.geobox.affine.e == -10


def test_an_area_added_later_never_moves_the_others() -> None:
    first = shapely.box(516_000, 5_350_000, 516_100, 5_350_100)
    later = shapely.box(400_000, 5_500_000, 400_100, 5_500_100)
    alone = grids.cells(UTM, tile=256, cover=[first])
    together = grids.cells(UTM, tile=256, cover=[later, first])
    assert {a.key: a.geobox for a in alone}.items() <= {a.key: a.geobox for a in together}.items()


def test_a_polygon_that_only_touches_a_cell_does_not_want_it() -> None:
    edge = shapely.box(2560, 0, 5120, 2560)
    assert [area.key for area in grids.cells(UTM, tile=256, cover=[edge])] == ["E0001N0000"]


def test_cells_that_a_ring_leaves_empty_are_not_wanted() -> None:
    ring = shapely.Point(0, 0).buffer(9_000).difference(shapely.Point(0, 0).buffer(8_000))
    wanted = {area.key for area in grids.cells(UTM, tile=256, cover=[ring])}
    assert "E0000N0000" not in wanted
    assert "W0004N0000" in wanted


def test_areas_across_the_antimeridian_have_contiguous_x() -> None:
    fiji = shapely.box(177.0, -19.0, 181.5, -16.0)
    areas = grids.cells(DEGREES, tile=16, cover=[fiji])
    assert sorted({area.geobox.boundingbox.left for area in areas}) == [176.0, 180.0]


@given(
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
    st.floats(0.1, 1e5),
    st.floats(0.1, 1e5),
    st.sampled_from([0.5, 10.0, 30.0, 1 / 3]),
)
def test_covering_windows_lie_on_the_lattice_and_are_tight(
    left: float, bottom: float, width: float, height: float, resolution: float
) -> None:
    lattice = Lattice("EPSG:32633", resolution, 7.0, -3.0)
    found = lattice.covering((left, bottom, left + width, bottom + height)).boundingbox
    slack = 1e-5 * resolution
    assert found.left <= left + slack
    assert found.top >= bottom + height - slack
    assert left - found.left < resolution + slack
    assert found.top - (bottom + height) < resolution + slack
    steps = (found.left - 7.0) / resolution
    assert math.isclose(steps, round(steps), abs_tol=1e-6)


def test_a_window_is_read_back_from_its_geobox() -> None:
    geobox = UTM.geobox(left=-5, bottom=2, right=7, top=9)
    assert UTM.window(geobox) == (-5, 2, 7, 9)


def test_feature_windows_lie_on_the_lattice_but_not_on_cells() -> None:
    features = [("b", shapely.box(101, 203, 158, 251)), ("a", shapely.box(1001, 2003, 1058, 2051))]
    first, second = grids.feature_areas(UTM, features)
    assert (first.key, second.key) == ("a", "b")
    assert tuple(second.geobox.boundingbox) == (100, 200, 160, 260)


def test_the_extent_of_no_area_is_an_error() -> None:
    with pytest.raises(ProductError, match="expected at least one area, got none"):
        grids.extent(UTM, [], tile=256)


def test_the_extent_holds_whole_cells() -> None:
    areas = grids.cells(UTM, tile=256, cover=[shapely.box(0, 0, 10, 10), shapely.box(6000, 0, 6010, 10)])
    extent = grids.extent(UTM, areas, tile=256)
    assert tuple(extent.boundingbox) == (0, 0, 3 * 2560, 2560)
    assert all(grids.contains(extent, area.geobox) for area in areas)
    assert not grids.contains(areas[0].geobox, extent)
