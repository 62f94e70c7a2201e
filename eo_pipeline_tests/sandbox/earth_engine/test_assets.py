"""Listing a collection that never ends."""

# ruff: noqa: ARG002 - the fake catalogue has the whole signature of the protocol it stands for

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo
from eo_pipeline.sandbox.earth_engine.asset_filters import parse_filter
from eo_pipeline.sandbox.earth_engine.assets import Listing, ListQuery, describe, list_images
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.settings import Settings


class Endless:
    """A collection with one image a day from 1970 on, for ever."""

    def asset(self, asset_id: str) -> AssetInfo | None:
        return AssetInfo(asset_id, "IMAGE_COLLECTION", {"title": "Days"}) if asset_id == "days" else None

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        return (record(day) for day in itertools.count())

    def table(self, table_id: str) -> Sequence[Feature] | None:
        return None

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:
        return None

    def image(self, image_id: str) -> ImageRecord | None:
        return record(3) if image_id == "days/3" else None


def record(day: int) -> ImageRecord:
    properties = {"day": day, "system:index": str(day), "system:time_start": day * 86_400_000}
    return ImageRecord(f"days/{day}", properties, shapely.box(0, 0, 1, 1), 5_000_000, {})


def page(text: str, *, size: int = 10, token: str | None = None, scan_limit: int = 100) -> Listing:
    query = ListQuery(wanted=parse_filter(text), page_size=size, page_token=token, basic=True)
    return list_images(
        Endless(), "projects/earthengine-public/assets/days", query, Settings(list_scan_limit=scan_limit)
    )


def test_pages_follow_each_other() -> None:
    first = page("")
    assert [entry["id"] for entry in first.assets] == [f"days/{day}" for day in range(10)]
    second = page("", token=first.next_page_token)
    assert [entry["id"] for entry in second.assets] == [f"days/{day}" for day in range(10, 20)]


def test_a_filter_that_hardly_ever_matches_gives_short_pages() -> None:
    first = page("day = 150")
    assert first.assets == ()
    assert first.published() == {"assets": [], "nextPageToken": first.next_page_token}
    second = page("day = 150", token=first.next_page_token)
    assert [entry["id"] for entry in second.assets] == ["days/150"]


def test_a_page_that_takes_long_is_short_and_the_next_one_goes_on() -> None:
    query = ListQuery(wanted=parse_filter(""), page_size=10, page_token=None, basic=True)
    found: list[object] = []
    for _ in range(3):
        slow = list_images(Endless(), "projects/earthengine-public/assets/days", query, Settings(list_scan_seconds=0))
        assert len(slow.assets) == 1
        found += [entry["id"] for entry in slow.assets]
        query = replace(query, page_token=slow.next_page_token)
    assert found == ["days/0", "days/1", "days/2"]


def test_an_image_is_described() -> None:
    assert describe(Endless(), "projects/earthengine-public/assets/days/3", Settings()) == {
        "type": "IMAGE",
        "name": "projects/earthengine-public/assets/days/3",
        "id": "days/3",
        "updateTime": "1970-01-01T00:00:05.000000Z",
        "startTime": "1970-01-04T00:00:00.000000Z",
        "properties": {"day": 3},
        "bands": [],
        "geometry": shapely.geometry.mapping(shapely.box(0, 0, 1, 1)),
    }
    assert describe(Endless(), "projects/earthengine-public/assets/days", Settings())["properties"] == {"title": "Days"}


@pytest.mark.parametrize("token", ["x", "LTE=", "OTk5OTk5OTk5OTk5", "é"])
def test_a_token_of_someone_else_is_refused(token: str) -> None:
    with pytest.raises(ServiceError, match="Invalid page token"):
        page("", token=token)
