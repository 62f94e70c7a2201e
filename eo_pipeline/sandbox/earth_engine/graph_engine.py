"""The graph as the HTTP side uses it: expressions in, values and pixels out. What does not belong here: HTTP."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eo_pipeline.sandbox.algorithms import registry
from eo_pipeline.sandbox.earth_engine.begun_pages import BegunPages
from eo_pipeline.sandbox.earth_engine.known_images import KnownImages
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph import reading
from eo_pipeline.sandbox.graph.catalogs import Catalog
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_collection, as_image
from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.graph.encode import encode
from eo_pipeline.sandbox.graph.evaluate import Context, Evaluator, Functions
from eo_pipeline.sandbox.graph.expression import Expression
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.refusals import refusals
from eo_pipeline.sandbox.graph.signatures import published_signatures, wheel_algorithms


class GraphEngine:
    """Evaluates expressions on a catalog.

    Attributes:
        catalog: where assets come from.
        functions: what can be called.
    """

    def __init__(
        self, catalog: Catalog, algorithms: Path | None = None, *, state: Callable[[], Hashable] = tuple
    ) -> None:
        """Checks every implementation against its published signature.

        Args:
            catalog: where assets come from.
            algorithms: the list of published functions; that of the installed client by default.
            state: changes whenever an asset may have changed; by default none ever does.

        Raises:
            FileNotFoundError: the list is not there.
            ValueError: an implementation does not fit.
        """
        path = algorithms or wheel_algorithms()
        self.catalog = catalog
        self._known, self._begun = KnownImages(state), BegunPages(state)
        self.functions = Functions(registry(path), frozenset(published_signatures(path)))

    def evaluate(self, expression: Mapping[str, Any]) -> object:
        """The result as a value of the graph; nothing of it is computed that need not be."""
        return Evaluator(Expression(expression), self.functions, Context(self.catalog)).result()

    def value(self, expression: Mapping[str, Any]) -> object:
        """The result as JSON values."""
        with refusals():
            return encode(self.evaluate(expression))

    def image(self, expression: Mapping[str, Any]) -> Image:
        """The result as an image whose pixels are not yet computed.

        Raises:
            ServiceError: the result is no image.
        """
        return self._known.get(expression, lambda: self._image(expression))

    def _image(self, expression: Mapping[str, Any]) -> Image:
        result = self.evaluate(expression)
        try:
            return as_image(result)
        except MismatchError as error:
            raise ServiceError(f"Expected an Image, got {type(result).__name__}.") from error

    def features(self, expression: Mapping[str, Any]) -> Iterator[Element]:
        """The elements of the resulting collection, one after the other.

        Raises:
            ServiceError: the result is no collection, or an element is none.
        """
        result = self.evaluate(expression)
        try:
            collection = as_collection(result)
        except MismatchError as error:
            raise ServiceError(f"Expected a FeatureCollection, got {type(result).__name__}.") from error
        with refusals():
            yield from collection.stream_elements()

    def page(self, expression: Mapping[str, Any], first: int, size: int) -> tuple[list[Element], bool]:
        """At most `size` elements from a place on, and whether others follow; see features."""
        return self._begun.page(expression, first, size, lambda: self.features(expression))

    def export_grid(self, image: Image) -> Grid:
        """The grid of an export that names none."""
        with refusals():
            return reading.export_grid(image)

    def request_grid(self, spec: Mapping[str, Any] | None, image: Image) -> Grid:
        """The grid that the `grid` of a request means for an image."""
        with refusals():
            return reading.request_grid(spec, image)

    def read(
        self, image: Image, grid: Grid, band_ids: Sequence[str] | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Pixels of the bands, in order, computed on a grid; see `graph.reading.read`."""
        with refusals():
            return reading.read(image, grid, band_ids)

    def unknown_functions(self) -> Sequence[str]:
        """Names that clients asked for and nobody implements, in order of first request."""
        return list(self.functions.unknown)
