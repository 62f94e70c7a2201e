"""Smaller exports of the same pixels, for what Earth Engine cannot do at once.

The first split halves the files; each further one quarters the area, down to one shard. The same export always
splits into the same pieces, so that pieces are found again by their digests. What does not belong here: when to split
(`reconcile`).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.export_plan import EarthEngineAsset, ExportTask, ImageContent
from eo_pipeline.core.product.section import SHARD

FLOOR = SHARD
"""Pixels a side of the smallest piece: one of Earth Engine's shards."""


def is_indivisible(task: ExportTask) -> bool:
    """True if what an export makes is one thing: a table, or an Earth Engine asset."""
    return not isinstance(task.content, ImageContent) or isinstance(task.destination, EarthEngineAsset)


def pieces(task: ExportTask) -> tuple[ExportTask, ...]:
    """The next smaller exports that make the same pixels together; none at the floor, or if it cannot be split."""
    content = task.content
    if is_indivisible(task) or not isinstance(content, ImageContent):
        return ()
    whole = task.whole or task.digest
    smaller = _halved(content.file_dimensions, content.geobox)
    if not task.whole and smaller is not None:
        return (replace(task, whole=whole, content=replace(content, file_dimensions=smaller)),)
    return tuple(
        replace(task, whole=whole, content=replace(content, geobox=box, file_dimensions=_fitting(content, box)))
        for box in _quarters(content.geobox)
    )


def _halved(file_dimensions: int, geobox: GeoBox) -> int | None:
    """Half the files' side in whole shards, or None if they cannot get smaller."""
    longest = min(file_dimensions, _whole_shards(max(geobox.shape)))
    half = _whole_shards(longest // 2)
    return half if half < longest else None


def _whole_shards(side: int) -> int:
    return max(1, -(-side // SHARD)) * SHARD


def _fitting(content: ImageContent, box: GeoBox) -> int:
    return min(content.file_dimensions, _whole_shards(max(box.shape)))


def _quarters(geobox: GeoBox) -> Iterator[GeoBox]:
    """Up to four pieces, cut at whole shards; none if both sides are at the floor."""
    height, width = geobox.shape
    rows, columns = _cuts(height), _cuts(width)
    if len(rows) == len(columns) == 2:
        return
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            yield geobox[top:bottom, left:right]


def _cuts(side: int) -> list[int]:
    """Edges of one or two pieces of a side."""
    return [0, side] if side <= FLOOR else [0, _whole_shards(side // 2), side]
