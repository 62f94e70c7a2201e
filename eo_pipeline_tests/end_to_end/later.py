"""What the pipeline takes for now, moved on: pauses, days and months pass within a test.

The sandbox has a clock of its own. What does not belong here: expectations.
"""

from datetime import datetime, timedelta, tzinfo
from typing import Self

import pytest

from eo_pipeline.orchestration.following import reports
from eo_pipeline.orchestration.submissions import allowances
from eo_pipeline.steps.exports import desk

_real = datetime


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let that much time have passed for whoever decides what waits."""

    class Later(datetime):
        """The present, moved on."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            moved = _real.now(tz) + by
            return cls.fromtimestamp(moved.timestamp(), tz)

    for module in (allowances, reports, desk):
        monkeypatch.setattr(module, "datetime", Later)
