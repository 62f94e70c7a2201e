"""What a result was made of, as one short text. What does not belong here: deciding what is made again."""

from collections.abc import Iterable

from eo_pipeline.core.keys import digest
from eo_pipeline.core.scenes.scene import Scene


def fingerprint(scenes: Iterable[Scene]) -> str:
    """40 hexadecimal digits, the same for the same scenes in the same versions, in whatever order they come."""
    return digest({"scenes": sorted([scene.collection, scene.id, scene.version] for scene in scenes)})
