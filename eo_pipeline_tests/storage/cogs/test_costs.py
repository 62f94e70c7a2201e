"""What a COG costs while it is written: memory that does not grow, and a disk that may be full."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
WRITE = """
import resource, sys
from pathlib import Path
import numpy as np
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import windows
from eo_pipeline.errors import DiskFullError
from eo_pipeline.storage.cogs.gdal_cog import write_gdal_cog
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline_tests.raster_files import grid

writer, size, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
spec = CogSpec(grid(size, size), [BandEncoding("b", "uint16", nodata=0)], {}, "zstd", level=1)


class Noise:
    def is_empty(self, window):
        return False

    def read(self, window):
        rng = np.random.default_rng(window.row_start)
        return rng.integers(0, 2**16, (1, window.height, window.width), "uint16")

    def raw(self, block):
        return None


try:
    if writer == "own":
        write_cog(path, spec, Noise(), threads=2, max_memory_mb=64)
    else:
        parts = windows(height=size, width=size, rows=512, columns=1024)
        write_gdal_cog(path, spec, ((part, Noise().read(part)) for part in parts), cache_mb=16)
except DiskFullError as error:
    print("FULL", error)
    print("LEFT", sorted(entry.name for entry in path.parent.iterdir()))
else:
    print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize(("writer", "more_mb"), [("own", 30), ("gdal", 80)])
def test_memory_does_not_grow_with_the_image(tmp_path: Path, writer: str, more_mb: int) -> None:
    def peak_mb(size: int) -> int:
        command = [sys.executable, "-c", WRITE, writer, str(size), str(tmp_path / f"{size}.tif")]
        word, number = subprocess.run(
            command, capture_output=True, text=True, check=True, env=ENVIRONMENT
        ).stdout.split()
        assert word == "PEAK"
        return int(number)

    small, large = peak_mb(3000), peak_mb(9000)
    assert large - small < more_mb, "144 MB more pixels must not stay in memory"


@pytest.fixture(scope="module")
def private_mounts() -> list[str]:
    """The command that runs another with mounts of its own."""
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], check=False).returncode != 0:
        pytest.skip("this machine forbids private mounts (unshare), so no small disk can be made")
    return command


@pytest.mark.parametrize(
    ("writer", "disk_mb"), [("own", 1), ("own", 9), ("own", 12), ("gdal", 5), ("gdal", 12), ("gdal", 17)]
)
def test_a_full_disk_says_what_was_needed_and_leaves_nothing(
    tmp_path: Path, private_mounts: list[str], writer: str, disk_mb: int
) -> None:
    program = tmp_path / "write.py"
    program.write_text(textwrap.dedent(WRITE))
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"mount -t tmpfs -o size={disk_mb}m tmpfs {disk} && {sys.executable} {program} {writer} 2000 {disk}/m.tif"
    result = subprocess.run(
        [*private_mounts, "sh", "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    assert f"FULL expected room for m.tif in {disk}: up to 21.3 MB while it is written" in result.stdout
    assert f"{disk_mb * 2**20 / 1e6:.1f} MB free at the start" in result.stdout
    assert "LEFT []" in result.stdout
