"""Sources of scenes, engine and land as a Dagster resource: configured here or by EO_*, read when a run starts.

What does not belong here: what is done with them (`steps.cubes`).
"""

from typing import Any

import dagster as dg

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.resources import overlaid
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
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

    def source(self, chain: Chain) -> Source:
        """Where a product's scenes are; nobody is asked yet.

        Raises:
            ProductError: its images are not scenes that are read here.
            SourceError: an address of files that cannot be listed.
        """
        product, declared = chain.product, chain.product.source
        if product.place == "files" and chain.archive is not None:
            access = Access(self.settings())
            classes = tuple(band.name for band in product.bands if band.kind == "categorical")
            return ArchiveSource(*open_matching(chain.archive, access), access, classes=classes)
        if declared is not None and declared.stac is not None:
            return StacSource(self.settings().stac_url or declared.stac, declared.collection, where=declared.where)
        raise ProductError(
            f"source: expected stac or files of {product.name}, whose scenes are read here, got neither; declare one"
        )

    def tiles(self, chain: Chain) -> TileArchive:
        """Where a product's aligned tiles are; nobody is asked yet.

        Raises:
            ProductError: it is not made of tiles.
            SourceError: an address that cannot be listed.
        """
        if chain.product.place != "tiles" or chain.archive is None:
            raise ProductError(f"source.tiles: expected tiles of {chain.product.name}, got none; declare them")
        access = Access(self.settings())
        return TileArchive(*open_matching(chain.archive, access), access)
