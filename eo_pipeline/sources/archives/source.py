"""Files of an archive as a source of scenes. What does not belong here: what a file holds (`files`)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.problem_lines import problem_lines
from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.core.scenes.places import Place
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.archives.files import FORMATS, scenes_of
from eo_pipeline.sources.archives.steps import FormatError, HowToRead
from eo_pipeline.sources.listings import Access, ListedFile, Listing
from eo_pipeline.storage.scenes.loading import load_scenes
from eo_pipeline.storage.scenes.scene_files import UnreadableError

_AS_THEY_ARE = {"GRIB_NORMALIZE_UNITS": "NO", "GRIB_ADJUST_LONGITUDE_RANGE": "NO"}
"""GDAL would turn kelvins into degrees Celsius, and longitudes to -180 to 180 with the error of half a pixel where none
is at 0 (3.12.2)."""


@dataclass(frozen=True)
class ArchiveSource:
    """NetCDF, GRIB and GeoTIFF files; see `sources.source.Source`.

    Every instant of a file is a scene; each instant is an observation, of all files that have it. A file whose version
    changes changes all its scenes.

    Attributes:
        listing: of the files, such as `open_listing(address, access)`.
        pattern: of the archive's files among them; None for all of a known ending. Where it has a date, files of other
            dates are not opened.
        access: to the files; NetCDF files have to be on this machine.
        decode: whether packed numbers become physical values (float64) when they are read; else they stay as they are
            stored, and scale and offset stay beside them.
        classes: names of bands whose numbers are names or bits.
        threads: that read at the same time.
    """

    listing: Listing
    pattern: NamePattern | None = None
    access: Access = field(default_factory=Access)
    decode: bool = False
    classes: Collection[str] = ()
    threads: int = 8

    @property
    def name(self) -> str:
        """For messages."""
        return self.listing.name

    def inputs(self, geobox: GeoBox, period: Period) -> tuple[Scene, ...]:
        """See Source; opens the files of the period."""
        place, files = Place(geobox), list(self._files(period))
        with ThreadPoolExecutor(self.threads) as pool:
            options = self._options(file.href for file, _ in files)
            answers = list(pool.map(partial(self._scenes, options), files))
        self._refuse([answer for answer in answers if isinstance(answer, str)])
        found = (scene for answer in answers if not isinstance(answer, str) for scene in answer)
        kept = [scene for scene in found if period.contains(scene.instant) and place.meets(scene.footprint)]
        return tuple(sorted(kept, key=lambda scene: scene.order))

    def settled(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """See Source: files say what they are."""
        return tuple(scenes)

    def load(self, scenes: Sequence[Scene], view: View, bands: Sequence[Wanted]) -> Stack:
        """See Source."""
        hrefs = {band.href for scene in scenes for band in scene.bands.values()}
        return load_scenes(
            scenes,
            view,
            bands,
            source=self.name,
            options=self._options(hrefs),
            threads=self.threads,
            by_instant=True,
        )

    def _options(self, hrefs: Iterable[str]) -> dict[str, str]:
        return {**self.access.options_for(hrefs), **_AS_THEY_ARE}

    def _files(self, period: Period) -> Iterator[tuple[ListedFile, datetime | None]]:
        """The files that may hold something of a period, and the date in their names."""
        listing = self.listing.of(period)
        listed, known = listing.files(), 0
        for file in listed:
            named = None if self.pattern is None else self.pattern.read(file.href)
            is_known = PurePosixPath(file.href.partition("?")[0].lower()).suffix in FORMATS
            if not is_known or (self.pattern is not None and named is None):
                continue
            known += 1
            if named is None or named.may_meet(period):
                yield file, named.instant if named is not None and named.date else None
        if not known:
            wanted = self.pattern.text if self.pattern else ", ".join(FORMATS)
            raise SourceError(
                f"expected files {wanted} in {listing.name}, got {len(listed)} others; correct the address or the "
                "pattern"
            )

    def _scenes(self, options: dict[str, str], one: tuple[ListedFile, datetime | None]) -> list[Scene] | str:
        """The scenes of a file, or why there are none."""
        file, named = one
        try:
            how = HowToRead(self.decode, self.classes)
            return scenes_of(file, named, how, collection=self.name, options=options)
        except FormatError as error:
            return f"{file.href}: {error}"
        except UnreadableError as error:
            return str(error)

    def _refuse(self, problems: Sequence[str]) -> None:
        if problems:
            raise SourceError(
                f"expected readable files in {self.name}, got {len(problems)} that cannot be read:\n"
                f"{problem_lines(problems)}\n"
                "mend them, or take them out of the archive"
            )
