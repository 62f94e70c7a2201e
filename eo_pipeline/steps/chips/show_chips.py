"""The first chips of a folder, for a person. What does not belong here: drawing them (`core.chips.contact_sheet`)."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from eo_pipeline.core.chips.contact_sheet import SHOWN, Captioned
from eo_pipeline.core.chips.manifest import ChipOutcome
from eo_pipeline.core.chips.samples import Sample, WorkList
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.storage.chips.chip_files import decode_chip


def first_chips(work: WorkList, outcomes: Sequence[ChipOutcome], folder: Path, order: ChipOrder) -> list[Captioned]:
    """Pixels and captions of the first chips that did not fail.

    Args:
        work: the chips.
        outcomes: of `cut_chips`, in the same order.
        folder: where their files are.
        order: what they were cut from.

    Raises:
        StorageError: a file cannot be read.
    """
    pairs = zip(work, outcomes, strict=True)
    there = ((sample, outcome.found) for sample, outcome in pairs if outcome.found is not None)
    return [
        Captioned(decode_chip((folder / found.path).read_bytes(), order.file_format), caption(sample))
        for sample, found in islice(there, SHOWN)
    ]


def caption(sample: Sample) -> str:
    """Split and label, or the id of a chip that has neither."""
    return " · ".join(filter(None, (sample.split, sample.label))) or sample.id
