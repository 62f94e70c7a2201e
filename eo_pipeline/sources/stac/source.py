"""A collection of a STAC archive as a source of scenes. What does not belong here: how its parts work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pystac
from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.product.source import Condition
from eo_pipeline.core.scenes.conditions import meets, unknown_properties
from eo_pipeline.core.scenes.offset_witness import witnessed_offset
from eo_pipeline.core.scenes.places import MARGIN, Place, bboxes
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.stac.archive import Archive
from eo_pipeline.sources.stac.items import scene_of
from eo_pipeline.sources.stac.sentinel2 import settled, witnesses
from eo_pipeline.storage.scenes.gdal_settings import gdal_options
from eo_pipeline.storage.scenes.loading import load_scenes
from eo_pipeline.storage.scenes.overviews import read_small
from eo_pipeline.storage.transfer.patience import Patience


@dataclass(frozen=True)
class StacSource:
    """Scenes of one collection; see `sources.source.Source`.

    Attributes:
        address: of the API's root, of a static catalogue or a collection.
        collection: its id.
        patience: with trouble that may pass, of the archive and of its files.
        options: GDAL's, beside those of `gdal_settings`, such as credentials of a bucket.
        threads: that read at the same time.
        page: items that an API is asked for at once.
        where: conditions on items' properties, as the product's `source.where`.
    """

    address: str
    collection: str
    patience: Patience = field(default_factory=Patience)
    options: Mapping[str, str] = field(default_factory=dict)
    threads: int = 8
    page: int = 200
    where: Mapping[str, Condition] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For messages."""
        return self._archive.name

    @property
    def _archive(self) -> Archive:
        return Archive(self.address, self.collection, self.patience, self.page)

    @property
    def _gdal(self) -> dict[str, str]:
        return {**gdal_options(self.patience), **self.options}

    def inputs(self, geobox: GeoBox, period: Period) -> tuple[Scene, ...]:
        """See Source."""
        place = Place(geobox)
        items = self._archive.items(bboxes(geobox, margin=MARGIN), period)
        self._refuse_unknown(items)
        found = (scene_of(item, source=self.name) for item in items if meets(item.properties, self.where))
        kept = [scene for scene in found if period.contains(scene.instant) and place.meets(scene.footprint)]
        return tuple(sorted(kept, key=lambda scene: scene.order))

    def _refuse_unknown(self, items: Sequence[pystac.Item]) -> None:
        """A misspelt property would find no scene at all.

        Raises:
            SourceError: none of the items has a property of `where`.
        """
        unknown, there = unknown_properties([item.properties for item in items], self.where)
        if unknown:
            raise SourceError(
                f"source.where: expected properties of the items of {self.name}, got {', '.join(unknown)}, which none "
                f"of {len(items)} has; choose among {', '.join(there)}"
            )

    def settled(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """See Source: the offset of Sentinel-2 scenes whose items are in doubt, as their vegetation shows it."""
        asked = {scene.id: bands for scene in scenes if scene.doubt and (bands := witnesses(scene))}
        pixels = read_small(asked, source=self.name, options=self._gdal, threads=self.threads)
        return tuple(
            settled(scene, witnessed_offset(*pixels[scene.id])) if scene.id in pixels else scene for scene in scenes
        )

    def load(self, scenes: Sequence[Scene], view: View, bands: Sequence[Wanted]) -> Stack:
        """See Source."""
        return load_scenes(
            scenes,
            view,
            bands,
            source=self.name,
            options=self._gdal,
            threads=self.threads,
        )
