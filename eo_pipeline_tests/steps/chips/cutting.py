"""Chips of the scenes' product; run as a program, it cuts them four at a time.

What does not belong here: expectations.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.chips.chip_boxes import Windows
from eo_pipeline.core.chips.samples import Places, WorkList, work_list
from eo_pipeline.core.product import Product
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.chip_images import ChipSource
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.cut_chips import CutChips, cut_chips
from eo_pipeline_tests.scenes import COLLECTION, LEFT, TOP, settings_at
from eo_pipeline_tests.steps.exports import fetching

SIZE = 8
HASTY = Patience(first_wait=0.02, longest_wait=0.05, seconds=5)
SCENES = [f"{COLLECTION}/{day}" for day in ("20240105", "20240115", "20240125")]
"""Of January, in time order."""


def product(chips: dict[str, Any] | None = None, **sections: object) -> Product:
    """Two bands of one month as int16, cut into chips of 8 x 8 pixels."""
    declared = {"count": 1, "size": SIZE, **(chips or {})}
    return fetching.product(**{"name": "cut", "export": None, "chips": declared, **sections})  # type: ignore[arg-type]  # sections by name


def order(made: Product | None = None, digest: str = "0" * 40) -> ChipOrder:
    """The chips of the product's only area in January."""
    wanted = made or product()
    area = fetching.area_of(wanted)
    source = ChipSource(wanted, area.key, area.geobox, wanted.period.rule.parse("2024-01"), 10.0, "20240105")
    return ChipOrder(source, digest, {"product": wanted.name, "partition": "whole|2024-01"})


def work(
    cells: Sequence[tuple[int, int]], *, size: int = SIZE, images: Sequence[str] = (), crs: str = "EPSG:32633"
) -> WorkList:
    """Chips whose upper left pixels are at some (row, column) of the scenes, called `c<row>-<column>`.

    Args:
        cells: rows and columns.
        size: pixels a side.
        images: source image of each; none = the composite.
        crs: of the pixels.
    """
    rows, columns = np.array(cells, np.int64).reshape(-1, 2).T
    count = len(rows)
    windows = Windows(
        np.full(count, crs, dtype=object),
        (LEFT + columns * 10.0).astype(np.float64),
        (TOP - rows * 10.0).astype(np.float64),
        np.full(count, 10.0),
        np.full(count, size),
        np.full(count, size),
    )
    ids = texts([f"c{row}-{column}" for row, column in cells])
    times = np.full(count, 1_704_448_800_000) if images else None
    places = Places(
        ids,
        np.full(count, 15.0),
        np.full(count, 46.9),
        texts([str(row % 2) for row in rows]),
        texts(images) if images else None,
        times,
    )
    return work_list(places, windows, texts(["train"] * count))


def texts(values: Sequence[str]) -> NDArray[np.object_]:
    """As a table holds them."""
    return np.array(values, dtype=object)


def cut(session: Session, wanted: WorkList, made: ChipOrder, folder: Path, **options: Any) -> CutChips:
    """With little patience."""
    return cut_chips(InteractiveClient(session), wanted, made, folder=folder, **{"patience": HASTY, **options})


def many(side: int) -> WorkList:
    """`side` x `side` chips, one beside the other, of which six lie in the scenes."""
    return work([(row * SIZE, column * SIZE) for row in range(side) for column in range(side)])


def main(url: str, folder: str) -> None:
    """Cut 49 chips four at a time."""
    session = connect(settings_at(url), interactive=True)
    cut(session, many(7), order(), Path(folder), patience=replace(HASTY, at_once=4))


if __name__ == "__main__":
    main(*sys.argv[1:])
