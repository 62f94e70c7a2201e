"""What the evaluator assumes where the service's behaviour is not documented, for docs to list.

What does not belong here: behaviour the client can ask for, and `settings`, which can be changed.
"""

from eo_pipeline.sandbox.graph.assumptions.arithmetic import ARITHMETIC
from eo_pipeline.sandbox.graph.assumptions.arrays import ARRAYS
from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption, Source
from eo_pipeline.sandbox.graph.assumptions.geometries import GEOMETRIES
from eo_pipeline.sandbox.graph.assumptions.grids import GRIDS
from eo_pipeline.sandbox.graph.assumptions.limits_and_texts import LIMITS_AND_TEXTS
from eo_pipeline.sandbox.graph.assumptions.neighbourhoods import NEIGHBOURHOODS
from eo_pipeline.sandbox.graph.assumptions.reducers import REDUCERS

__all__ = ["ASSUMPTIONS", "Assumption", "Source"]

ASSUMPTIONS: tuple[Assumption, ...] = (
    *ARITHMETIC,
    *REDUCERS,
    *GRIDS,
    *NEIGHBOURHOODS,
    *ARRAYS,
    *GEOMETRIES,
    *LIMITS_AND_TEXTS,
)
"""Everything assumed, by topic."""
