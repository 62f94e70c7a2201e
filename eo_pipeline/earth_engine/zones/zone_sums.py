"""Sums, extremes and histograms of zones over one picture: what the service computes, and its reply as values.

Zones are measured on the product's own pixels. Under the rule fractional the service weighs a pixel by the share of it
inside the zone, which it takes for 0 below half a hundredth (guide "Reduce Region"): smallest, largest and rarest
values and their variety may miss such slivers, and sums are off by them. What does not belong here: what is asked for
(`core.zonal.told`), and where the picture comes from (`zone_pictures`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.told import Asked, Told
from eo_pipeline.earth_engine.region_nodes import REGION
from eo_pipeline.earth_engine.region_sums import WHOLE, check_centres, numbered, summed, together, usable

_ONLY = "histogram"
"""Property under which the service tells the histogram of an image of one band; of several it is the band's name."""


@dataclass(frozen=True)
class ZoneSums:
    """What is computed of zones over a picture.

    Attributes:
        bands: that are measured, in order.
        asked: what of them.
        grid: the pixels, beyond its edges too.
    """

    bands: tuple[BandEncoding, ...]
    asked: Asked
    grid: GeoBox

    def of(self, picture: Any, zones: Any) -> Any:
        """`ee.FeatureCollection` without shapes: each zone with everything that was asked for as a property.

        Args:
            picture: `ee.Image` of stored numbers, masked where there is none.
            zones: `ee.FeatureCollection` whose features have REGION.
        """
        count, by_share = len(self.bands), self.asked.by_share
        grid = {"crs": str(self.grid.crs), "crsTransform": list(self.grid.affine)[:6]}
        values = picture.select([band.name for band in self.bands])
        stored = values.mask(usable(values)).rename(numbered("v", count))
        total = ee.Reducer.sum() if by_share else ee.Reducer.sum().unweighted()
        extremes = [ee.Reducer.min(), ee.Reducer.max()] if self.asked.extremes else []
        sums = summed(values, count, "pixel" if by_share else "none", powers=self.asked.powers).addBands(stored)
        reducer = together([total, ee.Reducer.count(), *extremes])
        found = sums.reduceRegions(collection=zones, reducer=reducer, **grid)
        if self.asked.values:
            histogram = ee.Reducer.frequencyHistogram()
            found = stored.reduceRegions(
                collection=found, reducer=histogram if by_share else histogram.unweighted(), **grid
            )
        return found.map(lambda zone: ee.Feature(zone).setGeometry(None))

    def read(self, features: Iterable[Mapping[str, Any]]) -> dict[int, tuple[Told, ...]]:
        """Each band of the zones of a reply, by the number that they had in the request.

        Raises:
            ServiceError: pixels were not taken by their centre, as the rule says.
        """
        told = (feature["properties"] for feature in features)
        return {int(one[REGION]): tuple(self._band(one, band) for band in range(len(self.bands))) for one in told}

    def _band(self, told: Mapping[str, Any], band: int) -> Told:
        def number(name: str) -> float:
            return float(told.get(f"{name}_sum") or 0)

        valid, count = number(f"w{band}"), int(told.get(f"v{band}_count") or 0)
        if not self.asked.by_share:
            check_centres(valid, count, advice="write zones.where: local")
        numbers = told.get(_ONLY if len(self.bands) == 1 else f"v{band}") if self.asked.values else None
        found = sorted((float(value), float(amount)) for value, amount in (numbers or {}).items())
        return Told(
            whole=number(WHOLE),
            valid=valid,
            first=number(f"s{band}"),
            second=number(f"q{band}"),
            count=count,
            low=told.get(f"v{band}_min") if self.asked.extremes else None,
            high=told.get(f"v{band}_max") if self.asked.extremes else None,
            values=tuple(value for value, _ in found),
            amounts=tuple(amount for _, amount in found),
        )
