"""Batches ask for every region and image once, within the limits of a request."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.requests.region_batches import Batch, Limits, Region, SourceImage, batches
from eo_pipeline.core.series.work_list import WorkList, around, work_list


def region(row: int, *, payload: int = 100, vertices: int = 4, pixels: int = 10) -> Region:
    return Region(row, f"r{row}", (f"name {row}", None), vertices, payload, pixels)


def images(count: int) -> tuple[SourceImage, ...]:
    return tuple(SourceImage(f"i{number}", number * 86_400_000) for number in range(count))


REGIONS = st.lists(st.tuples(st.integers(1, 900), st.integers(4, 5000), st.integers(1, 9000)), min_size=1, max_size=40)


@given(REGIONS, st.integers(1, 30), st.integers(1, 50))
def test_every_pair_is_asked_once_and_only_what_is_too_much_alone_is_above_a_limit(
    sizes: list[tuple[int, int, int]], count: int, rows: int
) -> None:
    regions = [region(n, payload=p, vertices=v, pixels=x) for n, (p, v, x) in enumerate(sizes)]
    limits = Limits(rows=rows, payload=1000, vertices=8000, pixels=20_000)
    found = list(batches(regions, images(count), limits=limits))
    pairs = Counter((r.row, i.index) for batch in found for r in batch.regions for i in batch.images or ())
    assert pairs == Counter((n, f"i{i}") for n in range(len(sizes)) for i in range(count))
    for batch in found:
        times = len(batch.images or ())
        assert batch.rows <= rows
        assert sum(r.payload for r in batch.regions) <= 1000
        if len(batch.regions) > 1 or times > 1:
            assert sum(r.vertices for r in batch.regions) <= 8000
            assert times * sum(r.vertices for r in batch.regions) <= 8000 or times == 1
            assert times * sum(r.pixels for r in batch.regions) <= 20_000 or times == 1


def test_a_period_has_no_images_and_no_region_no_batch() -> None:
    [batch] = batches([region(0), region(1)], None)
    assert (batch.images, batch.rows) == (None, 2)
    assert list(batches([], images(3))) == []
    assert list(batches([region(0)], ())) == []


@given(st.integers(1, 9), st.one_of(st.none(), st.integers(1, 9)))
def test_halves_of_halves_end_with_every_pair_alone(count: int, times: int | None) -> None:
    batch = Batch(tuple(region(n) for n in range(count)), None if times is None else images(times))
    singles, waiting = [], [batch]
    while waiting:
        one = waiting.pop()
        waiting += one.halves()
        singles += [one] if not one.halves() else []
    assert [one.rows for one in singles] == [1] * batch.rows
    assert len({one.key for one in singles}) == batch.rows


def test_regions_are_halved_before_images() -> None:
    first, second = Batch((region(0), region(1), region(2)), images(2)).halves()
    assert ([r.row for r in first.regions], [r.row for r in second.regions]) == ([0], [1, 2])
    assert [half.images for half in first.halves()] == [images(2)[:1], images(2)[1:]]


def test_a_work_list_comes_back_as_it_was_kept() -> None:
    lattice = Lattice("EPSG:4326", 0.1, 0.0, 0.0)
    geobox = around(lattice.covering((1.0, 2.0, 3.0, 4.0)), lattice, [(0.55, 2.5, 1.5, 4.25)])
    assert tuple(geobox.boundingbox) == pytest.approx((0.5, 2.0, 3.0, 4.3))
    for of in (images(2), None):
        work = WorkList((region(0), region(1)), of, geobox)
        assert work_list(json.loads(json.dumps(work.plain))) == work
        assert work.pairs == (4 if of else 2)
