"""The static catalogue: files that link to each other, without search. What does not belong here: the API."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.endpoints import Call
from eo_pipeline.sandbox.stac.documents import FILES, about_document, link
from eo_pipeline.sandbox.stac.items import STAC_VERSION, item
from eo_pipeline.sandbox.stac.scenes import About, Scene
from eo_pipeline.sandbox.stac.search import Search
from eo_pipeline.sandbox.stac.search_request import body_of, search_request
from eo_pipeline.sandbox.stac.settings import CurrentSettings
from eo_pipeline.sandbox.stac.shelves import Shelves

STATIC = "/stac/static"
"""Path of the catalogue."""

_GEOJSON = "application/geo+json"


@dataclass(frozen=True)
class StaticCatalog:
    """What the catalogue's routes work with."""

    shelves: Shelves
    search: Search
    settings: CurrentSettings

    def catalog(self, call: Call) -> Mapping[str, object]:
        """GET /catalog.json."""
        root = f"{call.base_url}{STATIC}"
        children = [link("child", f"{root}/{quote(name)}/collection.json") for name in self.shelves.collections]
        return {
            "type": "Catalog",
            "stac_version": STAC_VERSION,
            "id": "sandbox-static",
            "description": "Some images of the sandbox, as files that link to each other.",
            "links": [*_own(root, "catalog.json"), *children],
        }

    def collection(self, call: Call) -> Mapping[str, object]:
        """GET /COLLECTION/collection.json."""
        about = self.shelves.collection(call.parameters["collection"]).about
        root = f"{call.base_url}{STATIC}"
        parent = link("parent", f"{root}/catalog.json")
        items = [link("item", _address(root, scene), _GEOJSON) for scene in self._scenes(about)]
        return about_document(about, [*_own(root, f"{quote(about.id)}/collection.json"), parent, *items])

    def item(self, call: Call) -> Mapping[str, object]:
        """GET /COLLECTION/ITEM/FILE.json."""
        name, wanted = call.parameters["collection"], call.parameters["item"]
        scene, about = self.shelves.scene(name, wanted), self.shelves.collection(name).about
        if call.parameters["file"] != wanted:
            raise ServiceError(f"Item not found: {call.parameters['file'][:100]!r}", 404, "NOT_FOUND")
        root = f"{call.base_url}{STATIC}"
        home = f"{root}/{quote(name)}/collection.json"
        links = [
            link("self", _address(root, scene), _GEOJSON),
            link("root", f"{root}/catalog.json"),
            link("parent", home),
            link("collection", home),
        ]
        return {**item(scene, about, f"{call.base_url}{FILES}"), "links": links}

    def _scenes(self, about: About) -> list[Scene]:
        """All scenes of a collection; of an endless one those of the settings' place and time."""
        settings = self.settings()
        asked = {"bbox": settings.static_bbox, "datetime": settings.static_datetime} if about.is_endless else {}
        request = replace(search_request({**body_of(asked), "collections": [about.id]}), limit=settings.count_limit)
        return list(reversed(self.search.page(request).scenes))


def _own(root: str, file: str) -> list[dict[str, object]]:
    return [link("root", f"{root}/catalog.json"), link("self", f"{root}/{file}")]


def _address(root: str, scene: Scene) -> str:
    name = quote(scene.id, safe="")
    return f"{root}/{quote(scene.collection)}/{name}/{name}.json"
