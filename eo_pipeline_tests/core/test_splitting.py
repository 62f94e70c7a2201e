"""Pieces of an export make the same pixels together, always in the same way, down to one shard."""

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.export_plan import EarthEngineAsset, ExportTask, ImageContent, TableContent
from eo_pipeline.core.exports.splitting import pieces
from eo_pipeline_tests.core.test_export_plan import TASK


def export(height: int, width: int, file_dimensions: int = 12_800) -> ExportTask:
    geobox = GeoBox((height, width), Affine(10, 0, 500_000, 0, -10, 5_200_000), "EPSG:32633")
    return replace(TASK, content=ImageContent(geobox, ("b",), 0.0, file_dimensions, 10**12))


def image(task: ExportTask) -> ImageContent:
    assert isinstance(task.content, ImageContent)
    return task.content


def leaves(task: ExportTask) -> list[ExportTask]:
    """As if every piece that can be split were split."""
    smaller = pieces(task)
    return [leaf for piece in smaller for leaf in leaves(piece)] if smaller else [task]


def test_first_the_files_are_halved_and_the_area_stays() -> None:
    task = export(10_000, 6_000, 12_800)
    [piece] = pieces(task)
    assert image(piece).geobox == image(task).geobox
    assert image(piece).file_dimensions == 5_120  # half of the 10,240 that one file needs
    assert piece.whole == task.digest
    assert piece.digest != task.digest


def test_then_the_area_is_quartered_at_whole_shards() -> None:
    task = export(1_000, 600, 256)
    found = pieces(task)
    assert [image(piece).geobox.shape for piece in found] == [(512, 512), (512, 88), (488, 512), (488, 88)]
    assert {image(piece).file_dimensions for piece in found} == {256}
    assert {piece.whole for piece in found} == {task.digest}
    assert {piece.whole for piece in pieces(found[0])} == {task.digest}


def test_a_thin_area_is_halved() -> None:
    assert [image(p).geobox.shape for p in pieces(export(100, 700, 256))] == [(100, 512), (100, 188)]


@pytest.mark.parametrize("side", [1, 255, 256])
def test_one_shard_is_the_floor(side: int) -> None:
    assert pieces(export(side, side, 256)) == ()


def test_tables_and_assets_cannot_be_put_together_again() -> None:
    assert pieces(replace(TASK, content=TableContent())) == ()
    assert pieces(replace(export(5000, 5000), destination=EarthEngineAsset("projects/p/assets/f"))) == ()


@given(st.integers(1, 1500), st.integers(1, 1500), st.sampled_from([256, 512, 12_800]))
def test_the_smallest_pieces_cover_each_pixel_once(height: int, width: int, file_dimensions: int) -> None:
    task = export(height, width, file_dimensions)
    found = leaves(task)
    seen = np.zeros((height, width), int)
    for piece in found:
        box = image(piece).geobox
        column, row = (round(n) for n in ~image(task).geobox.affine @ (box.affine.c, box.affine.f))
        seen[row : row + box.shape[0], column : column + box.shape[1]] += 1
        assert max(box.shape) <= 256
    assert (seen == 1).all()
    assert len({piece.digest for piece in found}) == len(found)
    assert [piece.digest for piece in leaves(task)] == [piece.digest for piece in found]
