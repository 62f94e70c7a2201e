"""Partitions that are asked for piece by piece, counted before anything is asked.

Earth Engine is asked nothing: what only it knows (places of classes, images, regions or points of its tables) is
unknown until a partition was made. What does not belong here: adding up (`core.estimates.pieces`), printing (`cli`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.estimates.pieces import PartitionWork, PiecesPlan, pieces_plan
from eo_pipeline.core.product import Chips, Points, Series
from eo_pipeline.core.requests.pixel_requests import size_of
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.estimates.plans import Project
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.freshness import Freshness
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.steps.chips.plan_samples import plan_samples
from eo_pipeline.steps.load_regions import load_regions
from eo_pipeline.steps.points.load_points import LoadedPoints, load_points
from eo_pipeline.steps.series.list_regions import FileRegions, read_file_regions
from eo_pipeline.storage.places import open_place
from eo_pipeline.storage.vectors import read_zones


def plan_pieces(project: Project, wanted: Sequence[PartitionKey]) -> PiecesPlan:
    """Count what partitions of a product take that are not there yet.

    Args:
        project: of a product with chips, series, points or zones that are measured inside Earth Engine.
        wanted: areas and periods.

    Raises:
        EoPipelineError: a file of regions or places cannot be used.
    """
    chain, kind = project.chain, str(project.chain.product.pieces)
    place = open_place(project.settings)
    freshness = Freshness(project.instance, chain, project.settings.service, place.address)
    if kind == "zones":
        over_areas = {key.text if chain.zones_follow_areas else key.period: key.area for key in wanted}
        there, stage = freshness.measured(over_areas), "zonal_stats"
    else:
        over_areas = {key.text: key.area for key in wanted}
        there, stage = freshness.made(kind, over_areas), kind
    counting = _Counting(project, _measured(project, stage))
    return pieces_plan(
        chain.product.name,
        kind,
        [counting.work(area) for key, area in over_areas.items() if key not in there],
        partitions=len(over_areas),
        measured=len(counting.measured),
        allowance=project.settings.allowance,
    )


def _measured(project: Project, kind: str) -> Mapping[str, int]:
    """Requests that partitions took that asked for all of their pieces, by partition."""
    stamps = ledger.stamps(project.instance, project.chain.key(kind))
    asked = {key: stamp.values for key, stamp in stamps.items() if INTERACTIVE in stamp.values}
    return {
        key: int(values[INTERACTIVE])
        for key, values in asked.items()
        if not values.get("were there already") and not values.get("requests spared")
    }


@dataclass(frozen=True)
class _Counting:
    """Pieces by area, each area counted once; requests as measured, or as they follow from the pieces."""

    project: Project
    measured: Mapping[str, int]

    def work(self, area: str) -> PartitionWork:
        pieces = self._pieces_of(area)
        product = self.project.chain.product
        known = None if pieces is None else float(pieces * self._requests_a_piece)
        if product.chips is None or known is None:
            known = self._typical
        chip = 0 if product.chips is None else size_of((product.chips.size, product.chips.size), product.bands).bytes
        size = pieces * chip if product.chips is not None and pieces is not None else None
        return PartitionWork(pieces, known, size)

    @property
    def _requests_a_piece(self) -> int:
        """A picture that the service draws takes two."""
        product = self.project.chain.product
        drawn = product.chips is not None and product.chips.format == "png" and product.mask is None
        return 2 if drawn else 1

    @property
    def _typical(self) -> float | None:
        """Requests of a partition, as measured."""
        return sum(self.measured.values()) / len(self.measured) if self.measured else None

    @cached_property
    def _counted(self) -> dict[str, int | None]:
        return {}

    def _pieces_of(self, area: str) -> int | None:
        if area not in self._counted:
            self._counted[area] = self._count(area)
        return self._counted[area]

    def _count(self, area: str) -> int | None:
        product = self.project.chain.product
        if product.chips is not None:
            return self._chips(product.chips, area)
        if product.zones is not None:
            return self._zones(area)
        if product.series is not None:
            return None if self._file_regions is None else len(self._file_regions.listed(area).regions)
        return None if self._points is None else len(self._points.of(area))

    def _zones(self, area: str) -> int | None:
        """Zones of the file; of areas that are features, those of one."""
        chain = self.project.chain
        if chain.zones_file is None or chain.product.zones is None:
            return None
        zones = read_zones(chain.zones_file, id_column=chain.product.zones.id)
        return len(ZoneTables(chain, chain.product.zones).zones_of(zones, [area]).ids)

    def _chips(self, declared: Chips, area: str) -> int | None:
        if declared.asks_for_places:
            return None
        chain = self.project.chain
        planned = plan_samples(
            chain.product,
            chain.areas[area],
            chain.product.period.rule.containing(chain.product.period.starts_at),
            regions=self._regions,
            places_file=chain.pieces_file,
            open_session=_nobody,
        )
        return len(planned.work)

    @cached_property
    def _regions(self) -> Regions:
        chain = self.project.chain
        return load_regions(chain.product.area, chain.areas, chain.regions_file)

    @cached_property
    def _file_regions(self) -> FileRegions | None:
        chain = self.project.chain
        declared: Series | None = chain.product.series
        if declared is None or chain.pieces_file is None:
            return None
        return read_file_regions(chain.product, declared, chain.areas, chain.pieces_file)

    @cached_property
    def _points(self) -> LoadedPoints | None:
        chain = self.project.chain
        declared: Points | None = chain.product.points
        if declared is None or chain.pieces_file is None:
            return None
        return load_points(chain.product, declared, self._regions, chain.pieces_file, _nobody)


def _nobody() -> NoReturn:
    raise ProductError("expected a plan that asks Earth Engine nothing, got a product whose places only it knows")
