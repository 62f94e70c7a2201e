"""Tasks in batches."""

import pytest

from eo_pipeline.engines import in_batches


def test_every_task_is_in_one_batch_in_order() -> None:
    for tasks, count in ((500, 16), (7, 3), (3, 7), (1, 1), (0, 4)):
        batches = in_batches(range(tasks), count)
        assert [task for batch in batches for task in batch] == list(range(tasks))
        sizes = {len(batch) for batch in batches}
        assert len(batches) == min(tasks, count)
        assert not sizes or max(sizes) - min(sizes) <= 1


def test_no_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 batch or more, got 0"):
        in_batches([1], 0)
