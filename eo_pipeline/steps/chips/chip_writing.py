"""Chips that came become files and lines of the folder's log. What does not belong here: asking for them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eo_pipeline.core.chips.manifest import ChipOutcome, Whereabouts
from eo_pipeline.core.chips.samples import Sample
from eo_pipeline.steps.chips.chip_asks import Cutting
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.storage.chips.chip_files import ChipHeader, encode_chip, put_chip
from eo_pipeline.storage.chips.chip_log import ChipLog, LoggedChip, is_whole


@dataclass(frozen=True)
class ChipWriter:
    """Writes chips of one order into one folder, from several threads.

    Attributes:
        order: what they are.
        folder: local.
        log: of the folder.
    """

    order: ChipOrder
    folder: Path
    log: ChipLog

    def write(self, sample: Sample, cutting: Cutting) -> ChipOutcome:
        """Write one chip and its line.

        Raises:
            DiskFullError, StorageError: see `put_chip`.
        """
        path, file_format = self.folder / self.order.file_name(sample), self.order.file_format
        content = cutting.file or encode_chip(cutting.pixels, file_format, self._header(sample))
        written = put_chip(path, content, cutting.pixels, file_format)
        logged = LoggedChip(
            file=path.name,
            identity=self.order.identity(sample),
            size=written.size,
            crc32c=written.crc32c,
            nodata_share=self._nodata_share(cutting),
            cloud_share=1 - cutting.usable / cutting.observed if cutting.observed else None,
        )
        self.log.add(logged, path)
        return outcome_of(sample, logged)

    def _header(self, sample: Sample) -> ChipHeader:
        said = {"chip": sample.id, "label": sample.label, "split": sample.split, "source_image": sample.source_image}
        known = {name: value for name, value in said.items() if value is not None}
        return ChipHeader(sample.geobox, self.order.bands, {**self.order.tags, **known})

    def _nodata_share(self, cutting: Cutting) -> float:
        bands = self.order.bands
        if not bands:
            return float(np.mean(cutting.pixels[-1] == 0))
        values = [(band, stored) for band, stored in zip(bands, cutting.pixels, strict=True) if band.kind != "count"]
        return float(np.mean([~band.is_valid(stored) for band, stored in values]))


def found_chip(order: ChipOrder, folder: Path, sample: Sample, logged: LoggedChip | None) -> ChipOutcome | None:
    """The chip that an earlier run wrote, if it is that chip and whole."""
    if logged is None or logged.identity != order.identity(sample) or not is_whole(folder, logged):
        return None
    return outcome_of(sample, logged)


def outcome_of(sample: Sample, logged: LoggedChip) -> ChipOutcome:
    """A chip that is there."""
    return ChipOutcome(
        sample.id,
        Whereabouts(
            size=logged.size,
            crc32c=logged.crc32c,
            nodata_share=logged.nodata_share,
            cloud_share=logged.cloud_share,
            path=logged.file,
        ),
    )
