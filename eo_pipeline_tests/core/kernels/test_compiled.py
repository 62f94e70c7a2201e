"""Compiling where machine code can be kept, and where it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.caching import CacheImpl

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.growth import grown


def doubled(number: int) -> int:
    return 2 * number


def test_kernels_work_where_no_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    assert kernel(doubled)(21) == 42


def test_machine_code_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    program = "import numpy as np\nfrom eo_pipeline.core.kernels.growth import grown\ngrown(np.zeros((1, 1)), 3)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    assert list(tmp_path.rglob("growth.grown-*.nbc"))


def test_arrays_grow_to_what_is_needed_and_at_least_twofold() -> None:
    assert grown(np.arange(6.0).reshape(2, 3), 4).shape == (2, 6)
    wide = grown(np.arange(6).reshape(2, 3), 50)
    assert (wide.shape, wide[:, :3].tolist()) == ((2, 50), [[0, 1, 2], [3, 4, 5]])
