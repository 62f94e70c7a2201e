"""How partitions are printed that could not be asked about."""

import io

from rich.console import Console

from eo_pipeline.cli.problems import print_problems


def test_one_cause_is_told_once() -> None:
    said = io.StringIO()
    problems = {"a|2024-01": "no such collection", "b|2024-01": "no such collection", "a|2024-02": "not there"}
    print_problems(problems, Console(file=said, width=80))
    assert said.getvalue().splitlines() == ["a|2024-01 and 1 more: no such collection", "a|2024-02: not there"]
