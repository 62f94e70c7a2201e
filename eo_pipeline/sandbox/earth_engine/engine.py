"""What the HTTP side asks of whoever evaluates expressions.

What does not belong here: how an expression is evaluated.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image

Expression = Mapping[str, object]
"""The `{values, result}` of a request."""

Pixels = tuple[np.ndarray, np.ndarray]
"""One band on a grid: data (row, column) of the band's dtype, and its mask (row, column), 0 where invalid."""


class Engine(Protocol):
    """Evaluates expressions; every method raises ServiceError for what the service would refuse."""

    def value(self, expression: Expression) -> object:
        """The result as JSON values."""
        ...

    def image(self, expression: Expression) -> Image:
        """The result as an image whose pixels are not yet computed."""
        ...

    def features(self, expression: Expression) -> Iterator[Element]:
        """The elements of the resulting collection, one after the other."""
        ...

    def page(self, expression: Expression, first: int, size: int) -> tuple[list[Element], bool]:
        """At most `size` elements of the collection from place `first` on, and whether others follow."""
        ...

    def export_grid(self, image: Image) -> Grid:
        """The grid of an export that names none."""
        ...

    def request_grid(self, spec: Mapping[str, object] | None, image: Image) -> Grid:
        """The grid that the `grid` of a request means for an image."""
        ...

    def read(self, image: Image, grid: Grid, band_ids: Sequence[str] | None = None) -> list[Pixels]:
        """Pixels of the bands, in order, computed on a grid."""
        ...

    def unknown_functions(self) -> Sequence[str]:
        """Names that clients asked for and nobody implements, in order of first request."""
        ...
