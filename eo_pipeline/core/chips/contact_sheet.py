"""The first chips side by side, for a person. What does not belong here: reading them."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.pictures import Values, figure_png, stretch

SHOWN = 25
"""Chips of a sheet."""
_A_ROW = 5
_PIXELS = 96
"""Longest side of a chip on the sheet."""
_PERCENTILES = (2.0, 98.0)
_COLOURS = 3


class Captioned(NamedTuple):
    """One chip."""

    pixels: NDArray[Any]
    """(band, y, x): stored numbers, or of a PNG red, green, blue and opacity."""
    caption: str
    """One short line."""


def contact_sheet(chips: Sequence[Captioned], bands: Sequence[BandEncoding], *, title: str) -> bytes:
    """A PNG of at most core.pictures.MAX_BYTES; unusable pixels are white.

    The first three bands of values are red, green and blue, one band has a colour map; all chips share one stretch.

    Args:
        chips: at least one.
        bands: of their pixels; none if they are colours already.
        title: above the sheet.
    """
    pictures = [_thinned(chip.pixels) for chip in chips]
    shown: Sequence[NDArray[Any]] = _stretched(pictures, bands) if bands else [_opaque(one) for one in pictures]
    rows = math.ceil(len(chips) / _A_ROW)
    columns = min(_A_ROW, len(chips))
    figure = Figure(figsize=(1.15 * columns + 0.2, 1.3 * rows + 0.3), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=9)
    for axes in np.ravel(figure.subplots(rows, columns, squeeze=False)):
        axes.axis("off")
    for axes, picture, chip in zip(figure.axes, shown, chips, strict=False):
        axes.imshow(picture, interpolation="nearest")
        axes.set_title(chip.caption, fontsize=6, pad=2)
    return figure_png(figure)


def _thinned(pixels: NDArray[Any]) -> NDArray[Any]:
    step = max(1, math.ceil(max(pixels.shape[1:]) / _PIXELS))
    return pixels[:, ::step, ::step]


def _opaque(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(y, x, colour)."""
    return np.moveaxis(colours, 0, -1)


def _stretched(pictures: Sequence[NDArray[Any]], bands: Sequence[BandEncoding]) -> list[NDArray[np.float64]]:
    """Colours (y, x, red green blue), 0 to 1."""
    values = [number for number, band in enumerate(bands) if band.kind != "count"]
    wanted = values[:_COLOURS] if len(values) >= _COLOURS else values[:1]
    scaled = [_scaled([_values(picture[number], bands[number]) for picture in pictures]) for number in wanted]
    return [_colours(layers) for layers in zip(*scaled, strict=True)]


def _values(stored: NDArray[Any], band: BandEncoding) -> Values:
    physical = stored.astype(np.float64) * band.scale + band.offset
    return np.ma.MaskedArray(physical, mask=~band.is_valid(stored))


def _scaled(of_chips: Sequence[Values]) -> list[Values]:
    """One band of all chips, 0 to 1."""
    low, high = stretch(np.ma.concatenate([values.ravel() for values in of_chips]), _PERCENTILES)
    return [np.ma.clip((values - low) / (high - low), 0, 1) for values in of_chips]


def _colours(layers: Sequence[Values]) -> NDArray[np.float64]:
    hidden = np.any([np.ma.getmaskarray(layer) for layer in layers], axis=0)
    plain = [np.ma.filled(layer, 0.0) for layer in layers]
    colours = np.stack(plain, axis=-1) if len(plain) == _COLOURS else mpl.colormaps["viridis"](plain[0])[..., :3]
    return np.where(hidden[..., None], 1.0, colours)
