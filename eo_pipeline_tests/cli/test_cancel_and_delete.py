"""What `eo-pipeline cancel` and `eo-pipeline delete` say before they act."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from eo_pipeline.cli.cancel import print_standings
from eo_pipeline.cli.delete import print_stock
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.removing.cancelling import Cancelled, Standing
from eo_pipeline.orchestration.removing.deleting import Stock
from eo_pipeline.steps.delete_partition import Holding

RUNNING = Operation("projects/p/operations/ABC", State.RUNNING)
SENT = Submission("d", SubmissionState.SUBMITTED, "s", "i", (Part("d", 1, RUNNING.name, "x"),))
HELD = Submission("d", SubmissionState.HELD, "s", "i", held=Held("the queue is full"))


def recorded(submission: Submission, partition: str) -> Recorded:
    return Recorded(submission, partition, "gs://b", 1, "run")


def lines(show: Callable[[Console], None]) -> list[str]:
    console = Console(file=StringIO(), width=120)
    show(console)
    assert isinstance(console.file, StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_what_would_be_cancelled() -> None:
    found = [
        Standing("west|2024-01", recorded(SENT, "west|2024-01"), (RUNNING,), waits=True),
        Standing("west|2024-02", recorded(HELD, "west|2024-02"), (), waits=True),
        Standing("west|2024-03", None, (RUNNING,), waits=False),
    ]
    assert lines(lambda console: print_standings("ndvi", found, 12, console)) == [
        "ndvi: 3 of 12 partitions, 2 operations on Earth Engine:",
        "partition submission operations",
        "west|2024-01 submitted ABC running",
        "west|2024-02 held: the queue is full none",
        "west|2024-03 not recorded ABC running",
    ]


def test_nothing_to_cancel() -> None:
    assert lines(lambda console: print_standings("ndvi", [], 12, console)) == [
        "ndvi: none of 12 partitions is under way or waits; nothing to cancel."
    ]


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (Cancelled("w|1", ("a", "b"), (), withdrawn=True), "w|1: 2 operations cancelled"),
        (Cancelled("w|1", (), (), withdrawn=True), "w|1: no longer waits"),
        (
            Cancelled("w|1", ("a", "b"), ("b",), withdrawn=True),
            "w|1: 1 operation cancelled; 1 operation had succeeded before",
        ),
        (
            Cancelled("w|1", ("a",), (), withdrawn=True, complete=True),
            "w|1: 1 operation cancelled; all its files are at their destination already",
        ),
        (Cancelled("w|1", (), (), withdrawn=False), "w|1: nothing to cancel"),
    ],
)  # fmt: skip
def test_what_was_cancelled(done: Cancelled, sentence: str) -> None:
    assert done.sentence == sentence


def holding(kind: str, **sizes: int) -> Holding:
    return Holding(kind, "somewhere", sizes, lambda: None)


def test_what_would_be_deleted() -> None:
    stock = Stock(
        open=(Standing("west|2024-01", recorded(SENT, "west|2024-01"), (RUNNING,), waits=True),),
        holdings=(
            holding("tables", a=900, b=99),
            holding("cube", west=0),
            holding("mosaics", a=1_000_000, b=500_000),
            holding("mosaics", c=2_500_000),
            holding("exported files", a=12_000_000_000),
        ),
        history={"export": ["west|2024-01"], "tiles": ["west|2024-01"]},
        shared=("2024-01",),
    )
    assert lines(lambda console: print_stock("ndvi", stock, 2, console)) == [
        "ndvi: of 2 partitions there are:",
        "what places files size",
        "exports under way 1",
        "tables 1 2 999 bytes",
        "cube 1 1",
        "mosaics 2 3 4.0 MB",
        "exported files 1 1 12.0 GB",
        "Dagster's records 2",
        "The tables of 2024-01 also hold areas that stay: they are deleted, and measured again once all mosaics of the "
        "period are there.",
    ]


def test_nothing_to_delete() -> None:
    empty = Stock((), (), {"export": []}, ())
    assert lines(lambda console: print_stock("ndvi", empty, 2, console)) == [
        "ndvi: no store holds anything of 2 partitions; nothing to delete."
    ]
