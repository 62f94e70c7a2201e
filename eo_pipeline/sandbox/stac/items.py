"""A scene as STAC item. What does not belong here: what its collection decides, and links."""

from urllib.parse import quote

from eo_pipeline.sandbox.stac.places import outline
from eo_pipeline.sandbox.stac.scenes import About, Scene, schemas

STAC_VERSION = "1.0.0"


def item(scene: Scene, about: About, files: str) -> dict[str, object]:
    """The item without links.

    Args:
        scene: what it shows.
        about: its collection.
        files: address below which the folders of files are, without trailing slash.
    """
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": schemas(about.extensions),
        "id": scene.id,
        "collection": scene.collection,
        **outline(scene.record.footprint),
        "properties": dict(scene.properties()),
        "assets": scene.assets(f"{files}/{quote(scene.folder)}"),
        "links": [],
    }
