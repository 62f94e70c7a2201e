"""Partitions of one run as planned exports: what they share is asked once.

What does not belong here: one plan (`steps.exports.plan_export`), and sending it (`submission_office`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eo_pipeline.core.chips.reach import reach
from eo_pipeline.core.exports.export_plan import Destination
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.requests.pixel_requests import Choice, route, size_of
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.steps.exports.plan_export import Inputs, PlannedExport, check_source, plan_export, read_inputs


@dataclass(frozen=True)
class Planner:
    """What the plans of one run share.

    Attributes:
        chain: the product.
        settings: of the deployment.
        native_resolution: metres a pixel of the source; None if unknown.
        inputs: of each partition, by key.
    """

    chain: Chain
    settings: Settings
    native_resolution: float | None
    inputs: Mapping[str, Inputs]

    def plan(self, key: str, destination: Destination, *, priority: int | None = None) -> PlannedExport:
        """One partition's export.

        Args:
            key: of the partition; one of those that this was opened for.
            destination: that is written to.
            priority: of the tasks; the product's if None.
        """
        area, period = pair(self.chain, key)
        return plan_export(
            self.settings,
            self.chain.product,
            area=area,
            period=period,
            inputs=self.inputs[key],
            destination=destination,
            native_resolution=self.native_resolution,
            priority=priority,
        )


def open_planner(chain: Chain, keys: Sequence[str], settings: Settings, session: Session) -> Planner:
    """Check the product's source and read the inputs of all partitions.

    Args:
        chain: the product.
        keys: of the partitions; at least one.
        settings: of the deployment.
        session: for interactive requests.

    Raises:
        ProductError: the source has no such collection, band or property.
        ServiceError: Earth Engine refused.
    """
    pairs = [pair(chain, key) for key in keys]
    resolution = check_source(session, chain.product, pairs[0][0])
    found = read_inputs(session, chain.product, pairs)
    inputs = dict(zip(keys, (inputs for _, inputs in found), strict=True))
    return Planner(chain, settings, resolution, inputs)


def pair(chain: Chain, key: str) -> tuple[Area, Period]:
    """Area, as far as pixels of it are asked for, and period of a partition."""
    parsed = PartitionKey.parse(key)
    return asked_area(chain, parsed.area), chain.period(parsed.period)


def asked_area(chain: Chain, key: str) -> Area:
    """An area with all pixels that are asked for: chips reach beyond the area of their places."""
    area, chips = chain.areas[key], chain.product.chips
    if chips is None:
        return area
    return replace(area, geobox=reach(area.geobox, chain.product.area.lattice, chips))


def road(chain: Chain, key: str) -> Choice:
    """Whether what a partition needs comes by a task or is asked for at once, and why."""
    return area_road(chain, PartitionKey.parse(key).area)


def area_road(chain: Chain, area: str) -> Choice:
    """The same by the key of an area: it holds for all periods."""
    if (kind := chain.product.pieces) is not None:
        return Choice("interactive", f"{kind} are asked for piece by piece")
    export, (height, width) = chain.product.export, chain.areas[area].geobox.shape
    size = size_of((height, width), chain.product.bands)
    return route(export.route, size, tiles_only="tiles" in chain.stages and export.destination == "cloud_storage")
