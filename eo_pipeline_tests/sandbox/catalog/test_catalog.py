from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo, CompositeCatalog, start_of
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature


@dataclass(frozen=True)
class Shelf:
    """A catalog of collections, each a list of image indices; filters are left to the real ones."""

    name: str
    collections: Mapping[str, list[str]]

    def asset(self, asset_id: str) -> AssetInfo | None:
        return AssetInfo(asset_id, "IMAGE_COLLECTION", {"shelf": self.name}) if asset_id in self.collections else None

    def images(
        self,
        collection_id: str,
        *,
        start_ms: int | None,  # noqa: ARG002 - the protocol's name
        end_ms: int | None,  # noqa: ARG002 - the protocol's name
        region: BaseGeometry | None,  # noqa: ARG002 - the protocol's name
    ) -> Iterator[ImageRecord]:
        for index in self.collections.get(collection_id, []):
            yield ImageRecord(f"{collection_id}/{index}", {"shelf": self.name}, shapely.box(0, 0, 1, 1), 1, {})

    def table(self, table_id: str) -> Sequence[Feature] | None:  # noqa: ARG002 - as above
        return None

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:  # noqa: ARG002 - as above
        return shapely.Point(1, 1) if values == {"shelf": self.name} else None

    def image(self, image_id: str) -> ImageRecord | None:
        collection_id = image_id.rpartition("/")[0]
        records = self.images(collection_id, start_ms=None, end_ms=None, region=None)
        return next((record for record in records if record.id == image_id), None)


BOTH = CompositeCatalog([Shelf("files", {"A/B": ["1"]}), Shelf("world", {"A/B": ["1", "2"], "C": ["3"]})])


def ids(collection_id: str) -> list[tuple[str, object]]:
    found = BOTH.images(collection_id, start_ms=None, end_ms=None, region=None)
    return [(record.id, record.properties["shelf"]) for record in found]


def test_the_first_catalog_that_knows_a_collection_owns_it() -> None:
    assert ids("A/B") == [("A/B/1", "files")]
    assert ids("C") == [("C/3", "world")]
    assert ids("D") == []


def test_images_are_looked_up_in_the_owner_of_their_collection_only() -> None:
    first = BOTH.image("A/B/1")
    assert first is not None
    assert first.properties["shelf"] == "files"
    assert BOTH.image("A/B/2") is None
    assert BOTH.image("D/1") is None


def test_assets_come_from_their_owner() -> None:
    info = BOTH.asset("C")
    assert info is not None
    assert info.properties == {"shelf": "world"}
    assert BOTH.asset("D") is None


def test_start_of_reads_milliseconds_or_none() -> None:
    box = shapely.box(0, 0, 1, 1)
    assert start_of(ImageRecord("a", {"system:time_start": 5}, box, 1, {})) == 5
    assert start_of(ImageRecord("a", {}, box, 1, {})) is None


def test_the_owner_tells_where_images_lie() -> None:
    assert BOTH.area("A/B", {"shelf": "files"}) == shapely.Point(1, 1)
    assert BOTH.area("A/B", {"shelf": "world"}) is None
    assert BOTH.area("nowhere", {"shelf": "files"}) is None
