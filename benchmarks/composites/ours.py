"""This project's median, of arrays and of scenes in files.

Where it is imported from, and how it is called, stands here only.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pystac
from numpy.typing import NDArray

from benchmarks.composites.archive import BANDS, CLASSES, chunk_of
from benchmarks.composites.scenes import NODATA
from benchmarks.composites.timing import THREADS, repeated, timed
from eo_pipeline.core.composites import Observations, composite, kind_of
from eo_pipeline.core.masking import Classes, MaskRule
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.stac.items import scene_of
from eo_pipeline.sources.stac.source import StacSource

RULE = MaskRule("scl", Classes(frozenset({0, 1, 3, 8, 9, 10}), usable_if_listed=False))
WANTED = [Wanted(name) for name in (*BANDS, CLASSES)]


def load(**_: object) -> None:
    """Composites a few pixels: what a process loads once, such as compiled functions, is there afterwards."""
    ours([np.ones((2, 3, 3), np.uint16)], np.ones((2, 3, 3), dtype=np.bool_))


def median(*, scenes: str, answer: str) -> dict[str, float]:
    """Through the public function, on one thread: values, n_obs and n_valid."""
    return timed(ours, scenes=scenes, answer=answer)


def ours(bands: list[NDArray[np.uint16]], usable: NDArray[np.bool_]) -> Sequence[NDArray[np.uint16]]:
    """The values, (y, x) of each band."""
    return composite([Observations(band, NODATA) for band in bands], kind_of("median"), usable=usable).values


def chunk(*, archive: str, pixels: int, answer: str) -> dict[str, float]:
    """Loads a chunk of all scenes, masks clouds by class and takes the median; what loading took is told as loading_s.

    Args:
        archive: the folder of items.
        pixels: of the chunk, a side.
        answer: the file that is written, (band, y, x).
    """
    items = (pystac.Item.from_file(path) for path in sorted(Path(archive).glob("*.json")))
    scenes, loading = [scene_of(item, source="the archive") for item in items], []

    def made() -> Sequence[NDArray[np.uint16]]:
        started = time.perf_counter()
        stack = StacSource("", "scenes", threads=THREADS).load(scenes, View(chunk_of(pixels)), WANTED)
        loading.append(time.perf_counter() - started)
        usable = RULE.usable(stack.bands[CLASSES].stored, nodata=NODATA)
        bands = [Observations(stack.bands[name].stored, NODATA) for name in BANDS]
        return composite(bands, kind_of("median"), usable=usable).values

    found, cost = repeated(made)
    np.save(Path(answer), np.stack(found))
    return {**cost, "loading_s": statistics.median(loading)}
