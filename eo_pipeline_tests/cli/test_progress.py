"""Progress in a log: a line when counts change, not more than one in a few seconds, nothing forgotten."""

import io

from rich.console import Console

from eo_pipeline.cli.piece_lines import piece_lines
from eo_pipeline.cli.progress import Lines, shown_progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_says_what_changed_since_the_one_before() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock)
    lines.update({"ndvi export": (0, 6), "ndvi tiles": (0, 6)})
    assert said == []
    clock.now += 4
    lines.update({"ndvi export": (2, 6), "ndvi tiles": (0, 6)})
    assert said == [" 0:04  ndvi export 2/6, ndvi tiles 0/6"]
    clock.now += 70
    lines.update({"ndvi export": (2, 6), "ndvi tiles": (1, 6)})
    assert said[1:] == [" 1:14  ndvi tiles 1/6"]


def test_nothing_is_said_while_nothing_changes() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock)
    for _ in range(10):
        clock.now += 10
        lines.update({"export": (3, 6)})
    lines.finish()
    assert said == [" 0:10  export 3/6"]


def test_changes_within_a_few_seconds_wait_for_the_next_line_or_the_end() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock)
    for done in range(1, 7):
        clock.now += 1
        lines.update({"export": (done, 6)})
    assert said == [" 0:03  export 3/6", " 0:06  export 6/6"]
    lines.update({"tiles": (1, 6)})
    assert len(said) == 2
    lines.finish()
    assert said[2:] == [" 0:06  tiles 1/6"]


def test_a_total_that_is_not_known_is_left_out() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock)
    lines.update({"export": (4, 0)})
    lines.finish()
    assert said == [" 0:00  export 4"]


def test_a_file_gets_plain_lines_that_are_not_cut() -> None:
    file = io.StringIO()
    counts = {f"a product with a long name, stage [{n}]": (n, 9) for n in range(6)}
    with shown_progress(Console(file=file, width=40)) as show:
        show(counts)
    [line] = file.getvalue().splitlines()
    assert line.startswith(" 0:00  a product with a long name, stage [0] 0/9, ")
    assert line.endswith("stage [5] 5/9")


def test_a_terminal_gets_a_bar_for_each_name() -> None:
    file = io.StringIO()
    with shown_progress(Console(file=file, width=100, force_terminal=True)) as show:
        show({"export": (1, 6)})
        show({"export": (6, 6), "tiles": (2, 0)})
    *_, export, tiles = [line for line in file.getvalue().splitlines() if "/" in line]
    assert "export" in export
    assert "6/6" in export
    assert "tiles" in tiles
    assert "2/?" in tiles


def test_of_pieces_a_line_is_printed_in_three_seconds() -> None:
    clock, file = Clock(), io.StringIO()
    listener = piece_lines(Console(file=file, width=40), clock)["piece_listener"]
    for second in range(10):
        clock.now = 100.0 + second
        listener.hear(f"east|2024-01: {second} of 10 chips, 1/s, {10 - second} s left")
    assert file.getvalue().splitlines() == [
        f"east|2024-01: {second} of 10 chips, 1/s, {10 - second} s left" for second in (3, 6, 9)
    ]
