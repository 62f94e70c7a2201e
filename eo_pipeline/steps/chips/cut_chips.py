"""From a work list to verified chips in a folder: what is there is kept, the rest is asked for.

What does not belong here: which chips (`core.chips.samples`), what is asked for them (`chip_orders`), when it is asked
again (`asking`), one file (`chip_writing`), and the store that chips may go to from here (`store_chips`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

from eo_pipeline.core.chips.manifest import ChipOutcome, ChipState
from eo_pipeline.core.chips.samples import Sample, WorkList
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.errors import ChipsError
from eo_pipeline.steps.asking.ask_all import Answer, Progress, Report, ask_all
from eo_pipeline.steps.chips.chip_asks import Cutting
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.chip_problems import describe_failures
from eo_pipeline.steps.chips.chip_writing import ChipWriter, found_chip
from eo_pipeline.storage.chips.chip_log import open_log, read_log
from eo_pipeline.storage.disk_space import room_for

_WRITERS = 4
_WAITING = 16
"""Chips that may wait to be written; beyond, the asking waits."""
_LOOKED_AT = 1000
"""Chips of an earlier run that are looked at together."""


@dataclass(frozen=True)
class CutChips:
    """What became of a work list.

    Attributes:
        outcomes: in the order of the work list.
        folder: where the files are.
        requests: sent for them now, those that were refused included.
        kept: chips that were there already.
    """

    outcomes: tuple[ChipOutcome, ...]
    folder: Path
    requests: int
    kept: int

    @property
    def states(self) -> Mapping[ChipState, int]:
        """How many chips are written, empty and failed."""
        counted = Counter(outcome.state for outcome in self.outcomes)
        return {state: counted[state] for state in ChipState}

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(outcome.found.size for outcome in self.outcomes if outcome.found is not None)


def cut_chips(
    client: InteractiveClient,
    work: WorkList,
    order: ChipOrder,
    *,
    folder: Path,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> CutChips:
    """Cut every chip of a work list, unless it is in the folder already and whole.

    A chip's file has its name only when it is whole, and a line of the folder's log when all of it is known; a run that
    was killed goes on where it ended. Memory holds what is under way, and one row a chip.

    Args:
        client: for interactive requests.
        work: the chips.
        order: what they are cut from.
        folder: local; gets `<id>.tif`, `.npy` or `.png`, and the log of `storage.chips.chip_log`.
        patience: with requests that fail.
        progress: told while chips come, of those that were not there.

    Raises:
        ChipsError: more chips failed than the product tolerates, or some were not asked for; what came is kept. It
            passes if some were lost to an outage.
        DiskFullError: no room for a file.
        StorageError: the folder cannot be written, or read back.
    """
    with room_for(folder, 0):
        folder.mkdir(parents=True, exist_ok=True)
    there, report = _there(order, folder, work), Report()
    missing = (sample for sample in work if sample.id not in there)
    come: dict[str, ChipOutcome] = {}
    if total := len(work) - len(there):
        asked = ask_all(client, order.asks(missing), patience=patience, total=total, progress=progress, report=report)
        with closing(asked) as answers, open_log(folder) as log:
            come = {outcome.id: outcome for outcome in _written(answers, ChipWriter(order, folder, log))}
    found = CutChips(tuple(_all(work, {**there, **come}, report)), folder, report.sent, len(there))
    if report.unasked or found.states[ChipState.FAILED] > order.chips.tolerance * len(work):
        told = describe_failures(found.outcomes, tolerance=order.chips.tolerance, url=client.session.url)
        raise ChipsError(told, passes=report.passing > 0)
    return found


def _there(order: ChipOrder, folder: Path, work: WorkList) -> dict[str, ChipOutcome]:
    """Chips that an earlier run wrote, by id, in their order; what it did not finish is removed."""
    for part in folder.glob("*.part"):
        part.unlink()
    log = read_log(folder)
    outcomes: dict[str, ChipOutcome] = {}
    with ThreadPoolExecutor(_WRITERS) as pool:
        for some in batched(work, _LOOKED_AT):
            found = pool.map(lambda sample: found_chip(order, folder, sample, log.get(order.file_name(sample))), some)
            outcomes |= {outcome.id: outcome for outcome in found if outcome is not None}
    return outcomes


def _all(work: WorkList, outcomes: Mapping[str, ChipOutcome], report: Report) -> Iterator[ChipOutcome]:
    """In the order of the work list."""
    for name in work.table["id"]:
        yield outcomes.get(name) or ChipOutcome(name, None, f"not asked for: {report.stopped}")


def _written(answers: Iterator[Answer[Sample, Cutting]], writer: ChipWriter) -> Iterator[ChipOutcome]:
    """Every chip that was asked for, once its file is there or it is lost; files are written while others are asked."""
    writing: set[Future[ChipOutcome]] = set()
    with ThreadPoolExecutor(_WRITERS) as pool:
        for answer in answers:
            if answer.value is None:
                yield ChipOutcome(answer.key.id, None, answer.problem)
                continue
            if len(writing) >= _WAITING:
                done, writing = wait(writing, return_when=FIRST_COMPLETED)
                yield from (job.result() for job in done)
            writing.add(pool.submit(writer.write, answer.key, answer.value))
        yield from (job.result() for job in writing)
