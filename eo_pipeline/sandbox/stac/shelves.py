"""All collections of the archive, and what may be found by the names of files. What does not belong here: searching."""

from collections.abc import Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.stac.earth_search.granules import SOURCE, EarthSearch
from eo_pipeline.sandbox.stac.earth_search.names import FOLDERS
from eo_pipeline.sandbox.stac.mirror import mirrors
from eo_pipeline.sandbox.stac.scenes import Collection, Scene
from eo_pipeline.sandbox.stac.settings import CurrentSettings


@dataclass(frozen=True)
class Shelves:
    """Collections by id."""

    collections: Mapping[str, Collection]

    def collection(self, name: str) -> Collection:
        """The collection of an id.

        Raises:
            ServiceError: There is none.
        """
        if name not in self.collections:
            raise ServiceError(f"Collection not found: {name[:100]!r}", 404, "NOT_FOUND")
        return self.collections[name]

    def scene(self, collection: str, item: str) -> Scene:
        """The scene of an item's id.

        Raises:
            ServiceError: There is no such collection or item.
        """
        scene = self.collection(collection).find(item)
        if scene is None:
            raise ServiceError(f"Item not found: {item[:100]!r}", 404, "NOT_FOUND")
        return scene

    def in_folder(self, folder: str) -> Scene | None:
        """The scene whose files are in a folder below the address of files."""
        first, _, rest = folder.partition("/")
        collection = self.collections.get(_COLLECTIONS.get(first, first))
        scene = None if collection is None else collection.find(rest.rpartition("/")[2])
        return scene if scene is not None and scene.folder == folder else None


def shelves(catalog: Catalog, settings: CurrentSettings) -> Shelves:
    """Sentinel-2 as Earth Search has it, and every asset with pixels as it stands.

    Args:
        catalog: holds the assets.
        settings: gives the settings in force.
    """
    found: list[Collection] = [EarthSearch(name, catalog, settings) for name in FOLDERS if catalog.asset(SOURCE)]
    return Shelves({one.about.id: one for one in (*found, *mirrors(catalog))})


_COLLECTIONS = {name: collection for collection, name in FOLDERS.items()}
