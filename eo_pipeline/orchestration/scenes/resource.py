"""Sources of scenes, engine and land as a Dagster resource: configured here or by EO_*, read when a run starts.

What does not belong here: what is done with them (`steps.cubes`).
"""

from typing import Any

import dagster as dg

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.resources import overlaid
from eo_pipeline.sources.archives import ArchiveSource
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.matching import open_matching
from eo_pipeline.sources.source import Source
from eo_pipeline.sources.stac.source import StacSource


class ScenesResource(dg.ConfigurableResource[Any]):
    """Scenes and who composes them; every field that is absent comes from the environment.

    Attributes:
        stac_url: asked in place of every product's `source.stac` (EO_STAC_URL).
        engine: of products that name none (EO_ENGINE).
        land: file of land polygons in place of the packaged ones (EO_LAND).
    """

    stac_url: str | None = None
    engine: str | None = None
    land: str | None = None

    def settings(self) -> Settings:
        """The deployment with this resource's fields laid over the environment's."""
        engine = None if self.engine is None else EngineChoice.from_text(self.engine, field="engine")
        return overlaid(stac_url=self.stac_url, land=self.land, engine=engine)

    def source(self, product: Product) -> Source:
        """Where a product's scenes are; nobody is asked yet.

        Files are found from the folder that the process works in, unless their address is absolute.

        Raises:
            ProductError: its images are not scenes that are read here.
            SourceError: an address of files that cannot be listed.
        """
        declared = product.source
        if declared is not None and declared.files is not None:
            return _archive(product, declared.files, self.settings())
        if declared is not None and declared.stac is not None:
            return StacSource(self.settings().stac_url or declared.stac, declared.collection, where=declared.where)
        raise ProductError(
            f"source: expected stac or files of {product.name}, whose scenes are read here, got neither; declare one. "
            "Aligned tiles have no scenes to plan, preview or compare: `eo-pipeline run` copies those that changed"
        )


def _archive(product: Product, address: str, settings: Settings) -> ArchiveSource:
    """NetCDF, GRIB or GeoTIFF files behind an address with stars and fields."""
    access = Access(settings)
    listing, pattern = open_matching(address, access)
    classes = tuple(band.name for band in product.bands if band.kind == "categorical")
    return ArchiveSource(listing, pattern, access, classes=classes)
