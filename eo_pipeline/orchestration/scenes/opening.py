"""What a product that is made here is made of: scenes or tiles. What does not belong here: either of them."""

import dagster as dg

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.scenes.tiles import TilesWork, open_tiles_work
from eo_pipeline.orchestration.scenes.work import SceneWork, open_work


def open_inputs(chain: Chain, scenes: ScenesResource, instance: dg.DagsterInstance) -> SceneWork | TilesWork:
    """Partitions of a product as work on what its source has (see `open_work`, `open_tiles_work`)."""
    opened = open_tiles_work if chain.product.place == "tiles" else open_work
    return opened(chain, scenes, instance)
