"""Which held submissions may go when there is room, and when there is none."""

from dataclasses import replace
from datetime import UTC, datetime

from eo_pipeline.core.exports.queue import QueueLook
from eo_pipeline.core.exports.submissions import Held as HeldBack
from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.submissions.releases import Held, released, unlimited
from eo_pipeline_tests.orchestration.event_log import chain, submission

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EARLIER, LATER = "2026-11-21T11:59:00+00:00", "2026-11-21T12:01:00+00:00"
FULL, EMPTY = QueueLook(pending=2999), QueueLook()


def held(partition: str, operation: str, *, until: str = "") -> Held:
    refused = HeldBack("the service is away", until)
    sent = replace(submission(operation), state=SubmissionState.HELD, held=refused)
    return Held(chain(), Recorded(sent, partition, "gs://tiles", 1, "run"))


def names(found: list[Held]) -> list[str]:
    return [one.recorded.partition for one in found]


def test_what_was_sent_already_needs_no_room() -> None:
    both = [held("whole|2024-01", ""), held("whole|2024-02", "A")]
    assert names(released(both, FULL, allowance=unlimited, now=NOW)) == ["whole|2024-02"]
    assert sorted(names(released(both, EMPTY, allowance=unlimited, now=NOW))) == ["whole|2024-01", "whole|2024-02"]


def test_nothing_goes_before_its_pause_is_over() -> None:
    both = [held("whole|2024-01", "A", until=LATER), held("whole|2024-02", "", until=EARLIER)]
    assert names(released(both, EMPTY, allowance=unlimited, now=NOW)) == ["whole|2024-02"]


def test_what_would_spend_too_much_waits() -> None:
    both = [held("whole|2024-02", ""), held("whole|2024-01", "")]
    one_more = released(both, EMPTY, allowance=lambda _chain, exports: "spent" if exports > 1 else "", now=NOW)
    assert names(one_more) == ["whole|2024-01"]
