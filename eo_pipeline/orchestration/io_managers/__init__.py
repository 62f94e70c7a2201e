"""Values of assets to the data root and back: manifests of tiles, mosaics, tables, cube regions.

The same code serves a local root and `gs://`. Our own assets store each partition as soon as it is made (`store`) and
return `Stored`, so that a run that dies half-way keeps what it finished; other people's assets may return plain values.
What does not belong here: making the values.
"""

from eo_pipeline.orchestration.io_managers.chips import ChipsIO, ChipsIOManager, NewManifest
from eo_pipeline.orchestration.io_managers.cubes import CubeIO, CubeIOManager, CubeRegion
from eo_pipeline.orchestration.io_managers.mosaics import Mosaic, MosaicIO, MosaicIOManager, NewMosaic
from eo_pipeline.orchestration.io_managers.stored import Stored
from eo_pipeline.orchestration.io_managers.tables import NewTable, TablesIO, TablesIOManager
from eo_pipeline.orchestration.io_managers.tiles import TilesIO, TilesIOManager
from eo_pipeline.orchestration.io_managers.work_lists import NewWorkList, WorkListIO, WorkListIOManager

__all__ = [
    "ChipsIO",
    "ChipsIOManager",
    "CubeIO",
    "CubeIOManager",
    "CubeRegion",
    "Mosaic",
    "MosaicIO",
    "MosaicIOManager",
    "NewManifest",
    "NewMosaic",
    "NewTable",
    "NewWorkList",
    "Stored",
    "TablesIO",
    "TablesIOManager",
    "TilesIO",
    "TilesIOManager",
    "WorkListIO",
    "WorkListIOManager",
]
