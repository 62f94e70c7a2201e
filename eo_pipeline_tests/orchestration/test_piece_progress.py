"""What is said while a partition is asked for piece by piece, and how often."""

import dagster as dg
import pytest

from eo_pipeline.core.requests.progress import Standing
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener, PieceProgress, sentence


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(0, 0, 10, 0.0), "0 of 10 chips"),
        (Standing(1200, 0, 4000, 98.31), "1,200 of 4,000 chips, 98.3/s, 28 s left"),
        (Standing(1200, 3, 40_000, 40.0), "1,200 of 40,000 chips, 40/s, 16 min 10 s left, 3 failed"),
        (Standing(5, 0, 400_005, 20.0), "5 of 400,005 chips, 20/s, 5 h 33 min left"),
        (Standing(7, 0, None, 2.0), "7 chips, 2/s"),
        (Standing(10, 0, 10, 5.0), "10 of 10 chips, 5/s"),
    ],
)
def test_it_says_how_many_how_fast_and_how_long_still(standing: Standing, words: str) -> None:
    assert sentence(standing, "chips") == words


def test_the_listener_hears_all_and_the_log_keeps_a_line_in_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now, heard = [0.0], list[str]()
    context = dg.build_asset_context()
    logged: list[str] = []
    monkeypatch.setattr(context.log, "info", logged.append)
    progress = PieceProgress(context, "east|2024", "chips", PieceListener(heard.append), clock=lambda: now[0])
    for second in range(25):
        now[0] = float(second)
        progress(Standing(second, 0, 25, 1.0))
    assert len(heard) == 25
    assert [line.partition(",")[0] for line in logged] == ["east|2024: 10 of 25 chips", "east|2024: 20 of 25 chips"]
