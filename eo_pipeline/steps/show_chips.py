"""The first chips of a folder, for a person. What does not belong here: drawing them (`core.chips.contact_sheet`)."""

from itertools import islice

from eo_pipeline.core.chips.contact_sheet import SHOWN, Captioned
from eo_pipeline.core.chips.samples import Sample, WorkList
from eo_pipeline.steps.chip_orders import ChipOrder
from eo_pipeline.steps.cut_chips import CutChips
from eo_pipeline.storage.chips.chip_files import decode_chip


def first_chips(cut: CutChips, work: WorkList, order: ChipOrder) -> list[Captioned]:
    """Pixels and captions of the first chips that did not fail.

    Args:
        cut: their files.
        work: the same chips, in the same order.
        order: what they were cut from.

    Raises:
        StorageError: a file cannot be read.
    """
    there = ((sample, o.found) for sample, o in zip(work, cut.outcomes, strict=False) if o.found is not None)
    return [
        Captioned(decode_chip((cut.folder / found.path).read_bytes(), order.file_format), caption(sample))
        for sample, found in islice(there, SHOWN)
    ]


def caption(sample: Sample) -> str:
    """Split and label, or the id of a chip that has neither."""
    return " · ".join(filter(None, (sample.split, sample.label))) or sample.id
