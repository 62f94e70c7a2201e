"""One product's chain as names: its assets' keys, partitions, areas and periods.

What does not belong here: the assets themselves (`assets`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg
from odc.geo.geobox import GeoBox

from eo_pipeline.core import grids, keys
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Mosaic, Product
from eo_pipeline.core.product.section import Section
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.partitions import PartitionKey, area_period_partitions, period_partitions
from eo_pipeline.storage.vectors import checksum

_OF_PIECES = {"chips": ["samples", "chips"], "series": ["series"], "points": ["points"], "zones": ["zonal_stats"]}
"""Stages below `export` of what is asked for piece by piece."""

_NOT_WHAT = {"file", "csv", "tolerance"}
"""Fields of pieces that do not change what is asked for."""


@dataclass(frozen=True)
class Chain:
    """A product with its areas, ready to become assets.

    Attributes:
        product: as declared.
        areas: by key, in key order.
        zones_file: the file of zones, found; None if none are measured, or if they are an Earth Engine table.
        pieces_file: the file of places or regions that chips, series or points name, found; None if they name none.
        regions_file: the file of polygons that areas come from, found; None if the area is a box.
        weights_file: the raster that pixels of zones are weighed by, found; None if they are not.
        land_file: the file that `cube.land` names, found; None if it names none.
        interest_file: the file that `cube.interest` names, found; None if it names none.
        archive: address of `source.files` or `source.tiles`, a relative one completed; None if there is neither.
    """

    product: Product
    areas: Mapping[str, Area]
    zones_file: Path | None
    pieces_file: Path | None = None
    regions_file: Path | None = None
    weights_file: Path | None = None
    land_file: Path | None = None
    interest_file: Path | None = None
    archive: str | None = None

    @property
    def first_stage(self) -> str:
        """The stage that a person, a schedule or a sensor asks for; the others follow it."""
        return self.stages[0]

    def key(self, stage: str) -> dg.AssetKey:
        """Asset key of a stage: see `stages`."""
        return dg.AssetKey([self.product.name, stage])

    def describe(self, stage: str) -> str:
        """Description of a stage for a person: what it does, then what the product is."""
        return "\n\n".join(filter(None, (stage, self.product.description)))

    @cached_property
    def by_area_and_period(self) -> dg.MultiPartitionsDefinition:
        """Partitions of everything made per area."""
        return area_period_partitions(self.product, list(self.areas))

    @cached_property
    def by_period(self) -> dg.PartitionsDefinition[str]:
        """Partitions of what is made over all areas."""
        return period_partitions(self.product)

    def partitions(self, stage: str) -> dg.PartitionsDefinition[str]:
        """Partitions of a stage."""
        over_all_areas = stage == "zonal_stats" and not self.zones_follow_areas
        return self.by_period if over_all_areas else self.by_area_and_period

    @property
    def zones_follow_areas(self) -> bool:
        """True if statistics are per area and period: areas are features with grids of their own."""
        return self.product.area.features is not None

    @property
    def stages(self) -> list[str]:
        """Stages of this product, upstream first.

        What stays in Earth Engine is registered, files are brought here; of scenes and files a cube is made at once.
        """
        if self.product.made_here:
            return ["inputs", "cube", *(["zonal_stats"] if self.product.zones is not None else [])]
        if self.product.export.destination == "asset":
            return ["submission", "export", "ee_asset"]
        if self.product.table is not None:
            return ["submission", "export", "table"]
        if self.product.pieces is not None:
            csv = ["series_csv"] if self.product.series is not None and self.product.series.csv else []
            return ["submission", "export", *_OF_PIECES[self.product.pieces], *csv]
        if self.measured_of == "tiles":
            return ["submission", "export", "tiles", "zonal_stats"]
        optional: list[tuple[str, Section | None]] = [("zonal_stats", self.product.zones), ("cube", self.product.cube)]
        if self.measured_of == "cube":
            optional.reverse()
        return ["submission", "export", "tiles", "mosaic", *(name for name, part in optional if part is not None)]

    @property
    def measured_of(self) -> str:
        """What zones are measured of here: mosaics, tiles or cube; mosaics of a product without zones, too."""
        return "mosaics" if self.product.zones is None else self.product.zones.of

    @property
    def zones_above(self) -> str:
        """The stage that statistics are made of: mosaics, if the product has some, unless it names tiles or the cube.

        Without tiles it is what they would be made of.
        """
        if self.measured_of != "mosaics":
            return self.measured_of
        return "mosaic" if "mosaic" in self.stages else "export"

    def mosaic_version(self) -> str:
        """Identity of how tiles become a mosaic; empty if nothing is said of it, as in records of earlier times."""
        said = self.product.mosaic
        return "" if said == Mosaic() else keys.digest({"mosaic": said.model_dump(mode="json")})

    def tiles_version(self) -> str:
        """That of the mosaic where tiles went with it and can be fetched again; else they stay as they are.

        Where no mosaic is made any more, one that was made earlier may have taken them, too.
        """
        export = self.product.export
        if export.keep != "until_mosaic" or export.delete_remote:
            return ""
        return self.mosaic_version() if "mosaic" in self.stages else keys.digest({"tiles": "kept"})

    def zones_version(self) -> str:
        """Identity of what is measured and how: of the zones' declaration and of the files' bytes, read now."""
        declared = self.product.zones
        if declared is None:
            return ""
        files: dict[str, str] = {} if self.zones_file is None else {"checksum": checksum(self.zones_file)}
        if self.weights_file is not None:
            files["weights"] = checksum(self.weights_file)
        said = {"zones": declared.identity, "bands": self.product.value_names, **files}
        if declared.classes is not None or declared.histogram:
            said["categorical"] = [band.name for band in self.product.bands if band.kind == "categorical"]
        return keys.digest(said)

    def columns_version(self) -> str:
        """Identity of how an exported table is read; the columns' order and names are part of its export."""
        declared = self.product.table
        return "" if declared is None else keys.digest({"columns": declared.model_dump(mode="json")["columns"]})

    def recipe_version(self) -> str:
        """Identity of how scenes, files or tiles become the cube's pixels, wherever they lie; of no exported product.

        Which shards are left out is told by the ledger of the cube.
        """
        product = self.product
        if product.source is None or not product.made_here:
            return ""
        said = product.model_dump(mode="json", include={"source", "mask", "index", "composite"}, exclude_defaults=True)
        for address in ("stac", "files", "tiles"):
            said["source"].pop(address, None)
        bands = [[b.name, b.dtype, b.scale, b.offset, str(b.nodata), b.kind] for b in product.bands]
        return keys.digest({**said, "bands": bands})

    def pieces_version(self) -> str:
        """Identity of what is asked for piece by piece: of its declaration and of the files' bytes, read now."""
        kind = self.product.pieces
        if kind is None:
            return ""
        said = getattr(self.product, kind).model_dump(mode="json", exclude=_NOT_WHAT)
        files = (self.pieces_file, self.regions_file if kind == "chips" else None)
        checksums = [checksum(file) for file in files if file is not None]
        return keys.digest({kind: said, "checksums": checksums})

    def versions(self, stage: str) -> Mapping[str, str]:
        """What a stage depends on beside its partitions of the stage above: today's versions, by metadata's name."""
        match stage:
            case "cube" if self.product.made_here:
                return {names.RECIPE_VERSION: self.recipe_version()}
            case "mosaic":
                return {names.MOSAIC_VERSION: self.mosaic_version()}
            case "zonal_stats":
                return {names.ZONES_VERSION: self.zones_version()}
            case "table":
                return {names.COLUMNS_VERSION: self.columns_version()}
            case "samples" | "chips" | "series" | "series_csv" | "points":
                return {names.PIECES_VERSION: self.pieces_version()}
            case _:
                return {}

    def area(self, key: PartitionKey) -> Area:
        """The area of a partition."""
        return self.areas[key.area]

    def tags(self, key: str, digest: str) -> dict[str, str]:
        """Provenance that a file of one partition keeps inside itself; the digest is its export's."""
        partition = PartitionKey.parse(key)
        period = self.period(partition.period)
        return {
            "product": self.product.name,
            "area": partition.area,
            "period": partition.period,
            "period_start": period.start.isoformat(),
            "period_end": period.end.isoformat(),
            "export_digest": digest,
        }

    def period(self, key: str) -> Period:
        """The period of a period key."""
        return self.product.period.rule.parse(key)

    @cached_property
    def cube_geobox(self) -> GeoBox:
        """The cube's pixels: the declared bounds, or all areas of today, in whole cells."""
        area = self.product.area
        tile = area.tile if area.cover is not None else None
        known = list(self.areas.values())
        if area.bounds is not None:
            known = [Area("bounds", area.lattice.covering(area.bounds), "declared bounds")]
        return grids.extent(area.lattice, known, tile=tile)


def of_earth_engine(chains: Iterable[Chain]) -> list[Chain]:
    """Those whose pixels are composed inside Earth Engine: they submit and export."""
    return [chain for chain in chains if not chain.product.made_here]
