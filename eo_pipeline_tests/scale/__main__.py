"""`python -m eo_pipeline_tests.scale`: 10,000 partitions of one product through real processes, and what that costs."""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from eo_pipeline.cli.processes import unwound_by_signals
from eo_pipeline_tests.scale.fields import NAME, Extent
from eo_pipeline_tests.scale.pages import open_pages
from eo_pipeline_tests.scale.place import Place, running
from eo_pipeline_tests.scale.watching import Sample, ticks_of, watching
from eo_pipeline_tests.system.conftest import CHROMIUM

_SENSORS = ("earth_engine_operations", "automation", "forgotten_partitions", "cancelled_runs")


def main(arguments: Sequence[str]) -> int:
    """Run it; 1 if partitions are missing, operations started twice or out of order, or ticks failed."""
    options = _options(arguments)
    extent = Extent(options.columns, options.rows, options.days)
    _say(f"{extent.partitions} partitions of one product, in {options.folder}")
    with unwound_by_signals(), running(options.folder, extent, poll_seconds=options.poll_seconds) as place:
        began = time.monotonic()
        with watching(place.stack, place.counts, seconds=options.sample_seconds, say=_say) as watch:
            place.submit_all()
            whole = place.wait(options.until, seconds=options.minutes * 60)
        _say(f"until all {options.until}: {time.monotonic() - began:.0f} s, complete: {whole}")
        once = _show_order(place, extent)
        well = _show_ticks(place)
        _show_memory(watch.samples)
        _show_pages(place, options.pictures)
    return 0 if whole and once and well else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eo_pipeline_tests.scale")
    parser.add_argument("--columns", type=int, default=10, help="areas side by side")
    parser.add_argument("--rows", type=int, default=10, help="areas below each other")
    parser.add_argument("--days", type=int, default=100, help="periods")
    parser.add_argument("--until", default="mosaic", choices=("submission", "export", "tiles", "mosaic"))
    parser.add_argument("--minutes", type=float, default=60.0, help="give up after so long")
    parser.add_argument("--poll-seconds", type=int, default=5, help="of the sensors")
    parser.add_argument("--sample-seconds", type=float, default=15.0, help="between two looks at the processes")
    parser.add_argument("--folder", type=Path, default=None, help="of everything it makes; must not exist")
    parser.add_argument("--pictures", type=Path, default=None, help="of the pages' screenshots")
    options = parser.parse_args(arguments)
    options.folder = options.folder or Path(tempfile.mkdtemp(prefix="eo-scale-"))
    options.pictures = options.pictures or options.folder / "pictures"
    return options


def _show_order(place: Place, extent: Extent) -> bool:
    """Print how many operations there were; True if each partition had one, in the order of periods and areas."""
    started = place.started()
    once = len(started) == len(set(started)) == extent.partitions
    in_order = sorted(started, key=lambda text: text.split("|")[::-1])
    later = sum(first != second for first, second in zip(started, in_order, strict=True))
    _say(f"operations started: {len(started)}, one a partition: {once}, out of order: {later}")
    return once and not later


def _show_ticks(place: Place) -> bool:
    """Print how long ticks took; True if none failed."""
    errors: list[str] = []
    for sensor in _SENSORS:
        found = ticks_of(place.stack, sensor)
        errors += found.errors
        if found.seconds:
            median, most = statistics.median(found.seconds), max(found.seconds)
            _say(
                f"ticks of {sensor}: {len(found.seconds)}, {len(found.errors)} failed, median {median:.2f} s, "
                f"longest {most:.2f} s"
            )
    for error in dict.fromkeys(errors):
        _say(f"a tick failed: {error}")
    return not errors


def _show_memory(samples: Sequence[Sample]) -> None:
    """Print memory at the first, middle and last quarter: flat means that the last two do not differ."""
    for name in samples[0].megabytes if samples else ():
        sizes = [sample.megabytes[name] for sample in samples]
        last = len(sizes) - max(1, len(sizes) // 4)
        parts = [statistics.median(sizes[start : start + len(sizes) - last]) for start in (0, len(sizes) // 2, last)]
        _say(f"memory of {name}: first {parts[0]:.0f}, middle {parts[1]:.0f}, last {parts[2]:.0f} MB")


def _show_pages(place: Place, pictures: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for stage in ("submission", "tiles"):
            for name, seconds in open_pages(browser, place.stack.ui, f"{NAME}/{stage}", pictures).items():
                _say(f"page {name} of {stage}: {seconds:.1f} s")
        browser.close()
    _say(f"pictures in {pictures}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
