"""Tiles of one run's partitions, wherever their pixels come from: exported files, or requests answered at once.

What does not belong here: Dagster's side of it (`assets.tiles`), and one partition (`steps`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys
from eo_pipeline.core.exports.submissions import Part, SubmissionState
from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.event_log.stored_submissions import place_of, read_parts
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.submissions.destinations import Services, open_store
from eo_pipeline.steps.exports.collect_tiles import Tile, collect_tiles
from eo_pipeline.steps.exports.fetch_tiles import PixelOrder, fetch_tiles


@dataclass(frozen=True)
class Brought:
    """Verified tiles.

    Attributes:
        tiles: sorted by name.
        requests: interactive ones that were made for them.
    """

    tiles: tuple[Tile, ...]
    requests: int = 0


@dataclass(frozen=True)
class TileSources:
    """What one run's partitions are brought from.

    Attributes:
        chain: the product.
        services: of the deployment.
        exported: newest materialisations of `export`, by partition.
    """

    chain: Chain
    services: Services
    exported: Mapping[str, Stamp]

    def bring(self, key: str, folder: Path) -> Brought:
        """Fill a folder with a partition's tiles.

        Raises:
            EoPipelineError: see `collect_tiles` and `fetch_tiles`.
        """
        values = self.exported[key].values
        if is_interactive(values):
            return self._fetched(key, folder)
        geobox = self.chain.area(PartitionKey.parse(key)).geobox
        parts = [expected_tiles(part, self.chain, geobox) for part in read_parts(values)]
        store = open_store(place_of(values), self.services)
        mosaic, now = self.chain.product.mosaic.options, datetime.now(UTC)
        return Brought(collect_tiles(store, parts, geobox=geobox, folder=folder, now=now, mosaic=mosaic))

    @cached_property
    def _orders(self) -> PieceOrders:
        """Of all partitions that are asked for at once."""
        wanted = {key: stamp for key, stamp in self.exported.items() if is_interactive(stamp.values)}
        return PieceOrders(self.chain, self.services, wanted)

    def _fetched(self, key: str, folder: Path) -> Brought:
        product, planned = self.chain.product, self._orders.planned(key)
        geobox = self.chain.area(PartitionKey.parse(key)).geobox
        tag = keys.workload_tag(product.name)
        order = PixelOrder(planned.value, geobox, product.bands, planned.task.digest, tag)
        fetched = fetch_tiles(self._orders.client, order, folder=folder)
        return Brought(fetched.tiles, fetched.requests)


def is_interactive(values: Mapping[str, Any]) -> bool:
    """True if an export's metadata says that there is no task."""
    return values.get(names.STATE) == SubmissionState.INTERACTIVE.value


def expected_tiles(part: Part, chain: Chain, geobox: GeoBox) -> ExpectedTiles:
    """What one operation wrote; a record of version 1 does not tell, since it always was the whole area."""
    if not part.file_dimensions:
        return ExpectedTiles(part.prefix, geobox, chain.product.file_dimensions)
    rows, columns = slice(part.row, part.row + part.height), slice(part.column, part.column + part.width)
    return ExpectedTiles(part.prefix, geobox[rows, columns], part.file_dimensions)
