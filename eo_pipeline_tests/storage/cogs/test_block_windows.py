"""How much memory decides about threads and windows."""

from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.rectangles import Rectangle, uncovered
from eo_pipeline.storage.cogs.block_windows import Workload
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline_tests.raster_files import grid
from eo_pipeline_tests.storage.cogs.arrays import bands_of

MB = 2**20


def spec(bands: int = 3, dtype: str = "uint16") -> CogSpec:
    return CogSpec(grid(9000, 9000), bands_of(dtype, bands), {}, "zstd")


@given(st.integers(1, 4000), st.integers(1, 64), st.integers(1, 60), st.sampled_from(["uint8", "float64"]))
def test_windows_of_all_threads_fit_three_times_into_three_quarters_of_the_memory(
    memory_mb: int, threads: int, bands: int, dtype: str
) -> None:
    work = Workload.within(memory_mb, spec(bands, dtype), threads=threads)
    held = 2 * 512 * work.across * 512 * spec(bands, dtype).pixel_bytes * work.threads
    assert 1 <= work.threads <= threads
    assert work.across % 2 == 0
    assert held * 3 <= memory_mb * MB * 3 / 4 or (work.threads, work.across) == (1, 2)


def test_less_memory_gives_fewer_threads() -> None:
    assert Workload.within(256, spec(), threads=4) == Workload(4, 2, 512)
    assert Workload.within(4000, spec(), threads=40) == Workload(40, 2, 512)
    assert Workload.within(64, spec(), threads=4) == Workload(2, 2, 512)
    assert Workload.within(1, spec(), threads=4) == Workload(1, 2, 512)


def test_windows_and_blocks_cover_everything_once() -> None:
    work = Workload(1, 4, 16)
    windows = list(work.windows((70, 150)))
    assert windows[:2] == [Rectangle(0, 0, 32, 64), Rectangle(0, 64, 32, 128)]
    blocks = [block for window in windows for block in work.blocks(window)]
    assert uncovered(Rectangle(0, 0, 70, 150), blocks) == ()
    assert sum(block.pixels for block in blocks) == 70 * 150
    assert {(block.height, block.width) for block in blocks} == {(16, 16), (6, 16), (16, 6), (6, 6)}
    assert next(iter(work.windows_above((35, 75)))) == Rectangle(0, 0, 16, 32)
    assert list(Workload(2, 8, 16).windows_above((16, 32))) == [Rectangle(0, 0, 16, 16), Rectangle(0, 16, 16, 32)]
