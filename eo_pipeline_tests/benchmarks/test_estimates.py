"""The back-test on recorded tasks keeps what intervals promise, and its parts are right."""

from pathlib import Path

import pytest

from benchmarks.estimates import BackTest, comparisons
from benchmarks.harness import BenchmarkError
from benchmarks.task_history import FILE, read_tasks


@pytest.fixture(scope="module")
def lines() -> dict[tuple[str, str], BackTest]:
    return {(line.kind, line.quantity): line for line in comparisons()}


def test_without_the_recorded_tasks_it_says_where_they_should_be(tmp_path: Path) -> None:
    with pytest.raises(
        BenchmarkError, match=r"expected recorded tasks in .*none\.csv, found none; get the shared data"
    ):
        read_tasks(tmp_path / "none.csv")


@pytest.mark.real_data
@pytest.mark.skipif(not FILE.is_file(), reason=f"needs the recorded tasks of {FILE}, which are not there")
class TestRecordedTasks:
    """What was recorded."""

    def test_tasks_are_sorted_into_kinds(self) -> None:
        tasks = read_tasks()
        assert len(tasks) == 1500
        assert len({task.kind for task in tasks}) == 9
        assert sum(task.to_storage for task in tasks) == 1392  # counted with grep
        assert max(task.record.eecu_seconds for task in tasks) == pytest.approx(375374.4375)

    @pytest.mark.parametrize("quantity", ["eecu_seconds", "run_seconds"])
    def test_about_eight_of_ten_lie_in_their_interval(
        self, lines: dict[tuple[str, str], BackTest], quantity: str
    ) -> None:
        found = lines["all", quantity]
        assert found.equal
        assert found.tasks is not None
        assert found.tasks.count == 606
        assert 0.7 <= found.tasks.coverage <= 0.9
        assert 0.7 <= found.totals.coverage <= 0.9
        assert found.totals.median_error < 0.15

    def test_the_sum_of_two_months_is_met(self, lines: dict[tuple[str, str], BackTest]) -> None:
        eecu, run = lines["all", "eecu_seconds"].total_error, lines["all", "run_seconds"].total_error
        assert eecu is not None
        assert run is not None
        assert abs(eecu) < 0.3
        assert abs(run) < 0.2

    def test_the_time_of_a_burst_is_met(self, lines: dict[tuple[str, str], BackTest]) -> None:
        found = lines["mosaics", "time"]
        assert found.equal
        assert found.totals.count >= 20
        assert found.totals.median_error < 0.15
