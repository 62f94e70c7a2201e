"""Small pictures of arrays: stretching, colouring, encoding, captions.

Belongs here: pictures as bytes. Does not: where the arrays come from, and where the bytes go.
"""

import io
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import Image

MAX_BYTES = 45_000
"""Largest picture: Dagster's UI shows it inline, so it travels inside a run's metadata."""
COLOURS = (255, 128, 64, 32, 16)
"""Numbers of colours that are tried until a picture is small enough; the transparent one comes on top."""
_MOST_STEPS = 24
"""Counts up to which each has a colour of its own."""

Values = np.ma.MaskedArray[Any, np.dtype[np.float64]]
"""(y, x) in physical units, masked where there is no value."""


@dataclass(frozen=True)
class Panel:
    """One map of a figure.

    Attributes:
        values: (y, x) in physical units, masked where there is no value.
        title: above the map.
        units: beside the colour bar; may be empty.
        colormap: matplotlib's name.
        limits: values of the first and the last colour.
        whole: True if values are counts: a colour a count, ticks at whole numbers.
    """

    values: Values
    title: str
    units: str
    colormap: str
    limits: tuple[float, float]
    whole: bool = False


def count_panel(values: Values, title: str) -> Panel:
    """A map of counts of observations, from none to the highest."""
    highest = max(1.0, float(values.max())) if values.count() else 1.0
    return Panel(values, title, "observations", "Blues", (0.0, highest), whole=True)


def stretch(values: Values, percentiles: tuple[float, float]) -> tuple[float, float]:
    """Percentiles of the unmasked values, widened where they are one; (0, 1) where all is masked."""
    usable = values.compressed()
    if not usable.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(usable, percentiles))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def paletted_png(values: Values, *, colormap: str, limits: tuple[float, float]) -> bytes:
    """Values (y, x) as a PNG of at most MAX_BYTES, one pixel each, transparent where masked.

    Colours become fewer, then pixels, until it is small enough.
    """
    while True:
        for colours in COLOURS:
            png = _png(_indexed(values, limits, colours), colormap, colours)
            if len(png) <= MAX_BYTES:
                return png
        values = values[::2, ::2]


def panels_png(left: Panel, right: Panel, *, title: str) -> bytes:
    """Two maps side by side with small colour bars, as a PNG of at most MAX_BYTES."""
    height, width = left.values.shape
    map_inches = (2.9, min(4.5, max(1.6, 2.9 * height / width)))
    figure = Figure(figsize=(2 * map_inches[0] + 1.6, map_inches[1] + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10, fontweight="bold")
    for axes, panel in zip(figure.subplots(1, 2), (left, right), strict=True):
        _draw(figure, axes, panel)
    return figure_png(figure)


def figure_png(figure: Figure) -> bytes:
    """A figure as a PNG of at most MAX_BYTES: dots and colours become fewer until it is."""
    dpi, colours = 110, 256
    while len(png := _quantised(figure, dpi, colours)) > MAX_BYTES:
        dpi, colours = dpi * 4 // 5, max(32, colours // 2)
    return png


def _indexed(values: Values, limits: tuple[float, float], colours: int) -> NDArray[np.uint8]:
    """Index of each value's colour, `colours` where there is none."""
    low, high = limits
    steps = np.ma.clip((values - low) / (high - low) * colours, 0, colours - 1)
    return np.ma.filled(steps, colours).astype(np.uint8)


def _png(indices: NDArray[np.uint8], colormap: str, colours: int) -> bytes:
    palette = mpl.colormaps[colormap](np.linspace(0, 1, colours), bytes=True)[:, :3]
    image = Image.fromarray(indices)
    image.putpalette(np.vstack([palette, [[255, 255, 255]]]).astype(np.uint8).tobytes())
    return _encoded(image, transparency=colours)


def _quantised(figure: Figure, dpi: int, colours: int) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return _encoded(Image.open(buffer).convert("RGB").quantize(colours))


def _encoded(image: Image.Image, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, **options)
    return buffer.getvalue()


def _norm(panel: Panel) -> Normalize:
    low, high = panel.limits
    if panel.whole and high - low < _MOST_STEPS:
        return BoundaryNorm(np.arange(low - 0.5, high + 1.0), mpl.colormaps[panel.colormap].N, extend="neither")
    return Normalize(low, high)


def _draw(figure: Figure, axes: Axes, panel: Panel) -> None:
    colours = mpl.colormaps[panel.colormap].with_extremes(bad=(1, 1, 1, 0))
    image = axes.imshow(panel.values, cmap=colours, norm=_norm(panel), interpolation="nearest")
    axes.set_facecolor("#eef0f2")
    axes.set_title(panel.title, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#c8ccd0")
    ticks = MaxNLocator(nbins=8, integer=True) if panel.whole else None
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, aspect=24, ticks=ticks)
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_visible(False)
    bar.set_label(panel.units, fontsize=7)
