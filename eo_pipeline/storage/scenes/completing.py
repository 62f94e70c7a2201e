"""What items do not say of a band, as its file says it. What does not belong here: pixels."""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.core.scenes.stack import SceneFailure, Wanted
from eo_pipeline.storage.scenes.scene_files import UnreadableError, opened

Completed = tuple[tuple[Scene, ...], list[SceneFailure]]


def completed(
    scenes: Sequence[Scene], bands: Sequence[Wanted], *, options: Mapping[str, str], threads: int
) -> Completed:
    """The scenes with type and nodata of the wanted bands, under the names asked for; and those that have none.

    Args:
        scenes: those whose items say all are not opened.
        bands: wanted.
        options: GDAL's.
        threads: that read headers at the same time.
    """
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda scene: _completed(scene, bands, options), scenes))
    whole = tuple(answer for answer in answers if isinstance(answer, Scene))
    return whole, [failure for answer in answers if not isinstance(answer, Scene) for failure in answer]


def _completed(scene: Scene, bands: Sequence[Wanted], options: Mapping[str, str]) -> Scene | list[SceneFailure]:
    found: dict[str, SceneBand] = {}
    failures = []
    for wanted in bands:
        if not scene.has(wanted.name):
            reason = f"it has no such band, only {', '.join(scene.bands)}"
            failures.append(SceneFailure(scene.id, wanted.name, reason))
            continue
        try:
            found[wanted.name] = _filled(scene.band(wanted.name), wanted, options)
        except UnreadableError as error:
            failures.append(SceneFailure(scene.id, wanted.name, str(error)))
    return failures or replace(scene, bands=found, aliases={})


def _filled(band: SceneBand, wanted: Wanted, options: Mapping[str, str]) -> SceneBand:
    """The item's word counts before the file's, the file's before what is asked for; of floats NaN means no value."""
    if band.dtype is not None and band.nodata is not None:
        return band
    with opened(band, options) as dataset:
        dtype, said = dataset.dtypes[band.index - 1], dataset.nodatavals[band.index - 1]
    dtype = band.dtype or dtype
    last = math.nan if np.dtype(dtype).kind == "f" else None
    nodata = next((one for one in (band.nodata, said, wanted.nodata, last) if one is not None), None)
    return replace(band, dtype=dtype, nodata=nodata)
