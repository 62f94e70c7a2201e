"""The API's JSON documents and the links in them. What does not belong here: finding scenes, and HTTP."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from eo_pipeline.sandbox.stac.instants import timestamp
from eo_pipeline.sandbox.stac.items import STAC_VERSION, item
from eo_pipeline.sandbox.stac.scenes import About, Scene, schemas
from eo_pipeline.sandbox.stac.search import Page

API, FILES = "/stac/v1", "/stac/files"
"""Paths of the API, and of the folders of files."""

_STAC, _OGC = "https://api.stacspec.org/v1.0.0", "http://www.opengis.net/spec"
CONFORMANCE = (
    *(f"{_STAC}/{name}" for name in ("core", "collections", "ogcapi-features", "item-search")),
    *(f"{_STAC}/item-search#{name}" for name in ("fields", "sort", "query", "filter")),
    *(f"{_OGC}/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson")),
    *(f"{_OGC}/ogcapi-features-3/1.0/conf/{name}" for name in ("filter", "features-filter")),
    *(f"{_OGC}/cql2/1.0/conf/{name}" for name in ("cql2-json", "basic-cql2", "advanced-comparison-operators")),
)
"""What pystac-client looks at before it sends a query, a filter, fields or a sort order."""

_JSON, _GEOJSON = "application/json", "application/geo+json"

Link = dict[str, object]


def link(rel: str, href: str, media: str = _JSON, **more: object) -> Link:
    """A link."""
    return {"rel": rel, "href": href, "type": media, **more}


def about_document(about: About, links: list[Link]) -> dict[str, object]:
    """A collection, of the API or of the static catalogue."""
    start = None if about.start_ms is None else timestamp(about.start_ms)
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "stac_extensions": schemas(()),
        "id": about.id,
        "title": about.title,
        "description": about.description,
        "license": "proprietary",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[start, None]]}},
        "links": links,
    }


@dataclass(frozen=True)
class Documents:
    """Writes documents for clients who see the server at an address.

    Attributes:
        server: its address without trailing slash.
    """

    server: str

    @property
    def root(self) -> str:
        """Address of the API."""
        return f"{self.server}{API}"

    def landing(self, collections: Iterable[About]) -> dict[str, object]:
        """The landing page."""
        return {
            "type": "Catalog",
            "stac_version": STAC_VERSION,
            "id": "sandbox",
            "title": "Sandbox",
            "description": "The images of the sandbox, as an archive of satellite scenes publishes them.",
            "conformsTo": list(CONFORMANCE),
            "links": [
                *self._own(""),
                link("conformance", f"{self.root}/conformance"),
                link("data", f"{self.root}/collections"),
                link("search", f"{self.root}/search", _GEOJSON, method="GET"),
                link("search", f"{self.root}/search", _GEOJSON, method="POST"),
                *(link("child", f"{self.root}/collections/{quote(about.id)}") for about in collections),
            ],
        }

    def collections(self, known: Iterable[About]) -> dict[str, object]:
        """All collections."""
        return {"collections": [self.collection(about) for about in known], "links": self._own("/collections")}

    def collection(self, about: About) -> dict[str, object]:
        """One collection."""
        path = f"/collections/{quote(about.id)}"
        items = link("items", f"{self.root}{path}/items", _GEOJSON)
        return about_document(about, [*self._own(path), link("parent", self.root), items])

    def item(self, scene: Scene, about: About) -> dict[str, object]:
        """One item."""
        home = f"/collections/{quote(about.id)}"
        collection = f"{self.root}{home}"
        return {
            **item(scene, about, f"{self.server}{FILES}"),
            "links": [
                link("self", f"{collection}/items/{quote(scene.id, safe='')}", _GEOJSON),
                link("parent", collection),
                link("collection", collection),
                link("root", self.root),
            ],
        }

    def page(self, found: Page, items: list[dict[str, object]], following: list[Link]) -> dict[str, object]:
        """A page of items."""
        counted = {} if found.matched is None else {"numberMatched": found.matched}
        links = [link("root", self.root), *following]
        return {"type": "FeatureCollection", "features": items, "links": links, **counted, "numberReturned": len(items)}

    def next_by_get(self, path: str, query: Mapping[str, str], found: Page) -> list[Link]:
        """The link to the next page of a search that came by GET; none on the last."""
        if found.following is None:
            return []
        return [
            link("next", f"{self.root}{path}?{urlencode({**query, 'next': found.following})}", _GEOJSON, method="GET")
        ]

    def next_by_post(self, body: Mapping[str, object], found: Page) -> list[Link]:
        """The link to the next page of a search that came by POST; none on the last."""
        if found.following is None:
            return []
        following = {**body, "next": found.following}
        return [link("next", f"{self.root}/search", _GEOJSON, method="POST", merge=False, body=following)]

    def _own(self, path: str) -> list[Link]:
        return [link("root", self.root), link("self", f"{self.root}{path}")]
