"""The evaluator of `graph`, bound to one catalogue. What does not belong here: evaluation, HTTP."""

from collections.abc import Mapping, Sequence

from eo_pipeline.sandbox import graph
from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.engine import Expression, Pixels
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image


class GraphEngine:
    """Evaluates expressions on the assets of a catalogue.

    Args:
        catalog: Where assets come from.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def value(self, expression: Expression) -> object:
        """The result as JSON values."""
        return graph.encode(graph.evaluate(expression, self._catalog))

    def image(self, expression: Expression) -> Image:
        """The result as an image whose pixels are not yet computed."""
        return graph.as_image(graph.evaluate(expression, self._catalog))

    def export_grid(self, image: Image) -> Grid:
        """The grid of an export that names none."""
        return graph.export_grid(image)

    def request_grid(self, spec: Mapping[str, object] | None, image: Image) -> Grid:
        """The grid that the `grid` of a request means for an image."""
        return graph.request_grid(spec, image)

    def read(self, image: Image, grid: Grid, band_ids: Sequence[str] | None = None) -> list[Pixels]:
        """Pixels of the bands, in order, computed on a grid."""
        return graph.read(image, grid, band_ids)

    def unknown_functions(self) -> Sequence[str]:
        """Names that clients asked for and nobody implements, in order of first request."""
        return graph.unknown_functions()
