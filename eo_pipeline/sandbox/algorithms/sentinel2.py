"""Functions made for Sentinel-2. What does not belong here: general spectral functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.algorithms.kernels import flat
from eo_pipeline.sandbox.algorithms.neighbourhoods import around_each
from eo_pipeline.sandbox.algorithms.reducers import plain
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.band_math import both, joined
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType
from eo_pipeline.sandbox.graph.pixels import Raster
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.resampling import forced

FAMILY = Family()

CDI_RADIUS = 3
"""Pixels of band B8A from the middle of the window of variances to its edge (Frantz et al. 2018: 7 by 7)."""

_CDI = PixelType("float", -1, 1)


@FAMILY.algorithm("Sentinel2.CDI")
def cloud_displacement_index(source: Image) -> Image:
    """Band cdi: (V7 - V8) / (V7 + V8), V the local variances of B7 / B8A and B8 / B8A on the lattice of B8A."""
    bands = {band.id: band for band in source.bands}
    missing = [name for name in ("B7", "B8", "B8A") if name not in bands]
    if missing:
        raise ServiceError(f"Sentinel2.CDI: The image has no band '{missing[0]}'.")
    native = bands["B8A"]
    narrow, wide = (_local_variance(bands[name], native) for name in ("B7", "B8"))
    index = joined((narrow, wide), _index, replace(native, id="cdi"), _CDI)
    return source.with_bands(forced(index, native.projection))


def _local_variance(band: Band, native: Band) -> Band:
    """The variance around each pixel of a band's ratio to another one."""
    ratio = joined((band, native), _ratio, native, DOUBLE)
    kernel = flat("square", CDI_RADIUS, "pixels", normalize=False, magnitude=1.0)
    return around_each([ratio], kernel, plain("variance"), [ratio.id], weigh="kernel", skip_masked=True)[0]


def _ratio(above: Raster, below: Raster) -> Raster:
    usable = below.data != 0
    values = np.divide(above.data, below.data, out=np.zeros(below.data.shape), where=usable)
    return Raster(values, both(both(above.mask, below.mask), usable))


def _index(narrow: Raster, wide: Raster) -> Raster:
    """Masked where neither ratio varies."""
    total = narrow.data + wide.data
    usable = total > 0
    values = np.divide(narrow.data - wide.data, total, out=np.zeros(total.shape), where=usable)
    return Raster(values.astype(np.float32), both(both(narrow.mask, wide.mask), usable))
