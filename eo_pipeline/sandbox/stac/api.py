"""The API's routes: which path means what. What does not belong here: the documents, and finding scenes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.endpoints import Call, Handler, answer_json
from eo_pipeline.sandbox.graph.allowances import interactive
from eo_pipeline.sandbox.graph.limits import allowed
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.stac.documents import CONFORMANCE, Documents, Link
from eo_pipeline.sandbox.stac.scenes import About
from eo_pipeline.sandbox.stac.search import Page, Search
from eo_pipeline.sandbox.stac.search_request import SearchRequest, body_of, search_request
from eo_pipeline.sandbox.stac.shelves import Shelves

Documented = Callable[[Call], Mapping[str, object]]


def answering(handler: Documented, settings: LiveSettings) -> Handler:
    """The handler within the limits of interactive requests; refusals as STAC writes them: {code, description}."""

    def answer(call: Call) -> Mapping[str, object] | Response:
        try:
            with allowed(interactive(settings.now)):
                return handler(call)
        except ServiceError as error:
            return answer_json({"code": error.code, "description": error.message}, error.code)

    return answer


@dataclass(frozen=True)
class Api:
    """What the API's routes work with."""

    shelves: Shelves
    search: Search

    def landing(self, call: Call) -> Mapping[str, object]:
        """GET /."""
        return Documents(call.base_url).landing(self._abouts())

    def conformance(self, _: Call) -> Mapping[str, object]:
        """GET /conformance."""
        return {"conformsTo": list(CONFORMANCE)}

    def collections(self, call: Call) -> Mapping[str, object]:
        """GET /collections."""
        return Documents(call.base_url).collections(self._abouts())

    def collection(self, call: Call) -> Mapping[str, object]:
        """GET /collections/ID."""
        return Documents(call.base_url).collection(self.shelves.collection(call.parameters["collection"]).about)

    def queryables(self, _: Call) -> Mapping[str, object]:
        """GET /queryables, and of a collection: any property of an item may be asked for."""
        schema = "https://json-schema.org/draft/2019-09/schema"
        return {"$schema": schema, "type": "object", "properties": {}, "additionalProperties": True}

    def items(self, call: Call) -> Mapping[str, object]:
        """GET /collections/ID/items."""
        name = self.shelves.collection(call.parameters["collection"]).about.id
        asked = {key: value for key, value in call.query.items() if key in ("limit", "bbox", "datetime", "next")}
        request = search_request({**body_of(asked), "collections": [name]})
        found = self.search.page(request)
        path = f"/collections/{name}/items"
        return self._page(call, request, found, Documents(call.base_url).next_by_get(path, asked, found))

    def item(self, call: Call) -> Mapping[str, object]:
        """GET /collections/ID/items/ID."""
        name = call.parameters["collection"]
        scene = self.shelves.scene(name, call.parameters["item"])
        return Documents(call.base_url).item(scene, self.shelves.collection(name).about)

    def get_search(self, call: Call) -> Mapping[str, object]:
        """GET /search."""
        request = search_request(body_of(call.query))
        found = self.search.page(request)
        return self._page(call, request, found, Documents(call.base_url).next_by_get("/search", call.query, found))

    def post_search(self, call: Call) -> Mapping[str, object]:
        """POST /search."""
        request = search_request(call.body)
        found = self.search.page(request)
        return self._page(call, request, found, Documents(call.base_url).next_by_post(call.body, found))

    def _page(self, call: Call, request: SearchRequest, found: Page, following: list[Link]) -> Mapping[str, object]:
        documents = Documents(call.base_url)
        names = {scene.collection for scene in found.scenes}
        abouts = {name: self.shelves.collection(name).about for name in names}
        items = [request.fields.of(documents.item(scene, abouts[scene.collection])) for scene in found.scenes]
        return documents.page(found, items, following)

    def _abouts(self) -> list[About]:
        return [collection.about for collection in self.shelves.collections.values()]
