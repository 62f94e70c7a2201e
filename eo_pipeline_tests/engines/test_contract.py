"""Every engine does with batches what any engine does."""

from pathlib import Path

import pytest

from eo_pipeline.engines import Engine
from eo_pipeline_tests.contracts.spawning import CHECKS, Check


@pytest.mark.parametrize("check", CHECKS, ids=[check.__name__ for check in CHECKS])
def test_engine(engine: Engine, check: Check, tmp_path: Path) -> None:
    check(engine, tmp_path)
