"""Whole scenes at a coarse resolution, to look at what they are. What does not belong here: judging them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.stack import SceneFailure, refuse_failures
from eo_pipeline.storage.scenes.scene_files import UnreadableError, opened

_SIDE = 343
"""Pixels a side: 110 km in pixels of 320 m, an overview of both 10 m and 20 m."""

Pair = tuple[SceneBand, SceneBand]
Pixels = tuple[NDArray[Any], NDArray[Any]]


def read_small(
    scenes: Mapping[str, Pair], *, source: str, options: Mapping[str, str], threads: int
) -> dict[str, Pixels]:
    """Two bands of each scene, as arrays (y, x) of one size, every pixel one of the nearest overview.

    Args:
        scenes: the two bands by the scene's id; both cover the same ground.
        source: its name, for messages.
        options: GDAL's.
        threads: that read at the same time.

    Raises:
        SourceError: lists the scenes that cannot be read.
    """
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda one: _small(one[0], one[1], options), scenes.items()))
    refuse_failures(source, [answer for answer in answers if isinstance(answer, SceneFailure)])
    return {
        scene: answer for scene, answer in zip(scenes, answers, strict=True) if not isinstance(answer, SceneFailure)
    }


def _small(scene: str, bands: Pair, options: Mapping[str, str]) -> Pixels | SceneFailure:
    read = []
    for band in bands:
        try:
            with opened(band, options) as dataset:
                read.append(np.asarray(dataset.read(band.index, out_shape=(_SIDE, _SIDE))))
        except UnreadableError as error:
            return SceneFailure(scene, "overview", str(error))
    return read[0], read[1]
