"""Where a partition's chips come to lie: files in a folder of their own, or slots of the product's store.

What does not belong here: cutting them (`steps.chips.cut_chips`), and what is recorded of them (`assets.chips`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from eo_pipeline.core import keys
from eo_pipeline.core.chips.contact_sheet import Captioned
from eo_pipeline.core.chips.manifest import ChipOutcome
from eo_pipeline.core.chips.samples import WorkList
from eo_pipeline.orchestration.io_managers import ChipsIO
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.cut_chips import CutChips
from eo_pipeline.steps.chips.show_chips import first_chips
from eo_pipeline.steps.chips.store_chips import store_chips

_IDENTITY = 12
"""Digits that tell folders of one partition apart."""

Cut = Callable[[Path], CutChips]
"""Cuts a partition's chips into a local folder, unless they are there."""


@dataclass(frozen=True)
class PlacedChips:
    """Chips that are where they stay.

    Attributes:
        cut: what was asked for.
        outcomes: with where each chip is.
        first: to be shown.
        folder: name of their folder below the partition's; empty in a store.
        shown: metadata that says where they are.
    """

    cut: CutChips
    outcomes: tuple[ChipOutcome, ...]
    first: list[Captioned]
    folder: str
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ChipPlaces:
    """Where the chips of one asset lie.

    Attributes:
        io: of their manifests.
        asset: key of `chips`.
        run_id: of the run, for the store's commits.
    """

    io: ChipsIO
    asset: dg.AssetKey
    run_id: str

    def place(self, key: str, order: ChipOrder, work: WorkList, cut: Cut) -> PlacedChips:
        """Cut a partition's chips and put them where they stay; what a killed run cut is found again.

        Raises:
            EoPipelineError: see `cut_chips` and `store_chips`.
        """
        folder = _identity(order, work)
        path = self.io.folder(self.asset, key, folder)
        if order.chips.repository is not None:
            return self._in_store(key, order, work, path, cut)
        return self._in_files(order, work, path, cut)

    def _in_files(self, order: ChipOrder, work: WorkList, path: str, cut: Cut) -> PlacedChips:
        with self.io.place.folder_to_resume(path) as folder:
            found = cut(folder)
            first = first_chips(work, found.outcomes, folder, order)
        shown = {"folder": dg.MetadataValue.path(str(self.io.place.path(path)))}
        return PlacedChips(found, found.outcomes, first, path.rpartition("/")[2], shown)

    def _in_store(self, key: str, order: ChipOrder, work: WorkList, path: str, cut: Cut) -> PlacedChips:
        address = self.io.address(str(order.chips.repository))
        metadata = {"product": order.source.product.name, "partition": key, "run_id": self.run_id}
        with self.io.place.unfinished(path) as folder:
            found = cut(folder)
            first = first_chips(work, found.outcomes, folder, order)
            stored = store_chips(found, work, order, address=address, partition=key, metadata=metadata)
        shown = {
            "repository": dg.MetadataValue.path(address.uri),
            "snapshot": stored.commit.snapshot,
            "committed": stored.commit.changed,
        }
        return PlacedChips(found, stored.outcomes, first, "", shown)


def _identity(order: ChipOrder, work: WorkList) -> str:
    """Of all that the chips are: other samples, labels or looks have another folder."""
    rows = work.table.drop(columns="geometry").to_csv(index=False)
    look = order.chips.visualize
    said = {"format": order.chips.format, "look": None if look is None else look.model_dump(mode="json")}
    return keys.digest({"export": order.digest, "rows": rows, **said})[:_IDENTITY]
