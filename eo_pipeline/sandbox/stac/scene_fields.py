"""What conditions and sorting see of a scene. What does not belong here: conditions."""

from collections.abc import Iterator, Mapping

from eo_pipeline.sandbox.stac.scenes import Scene


class SceneFields(Mapping[str, object]):
    """A scene's properties, and its id and collection; nothing is found out before it is asked for."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._properties = scene.properties()

    def __getitem__(self, name: str) -> object:
        if name == "id":
            return self._scene.id
        return self._scene.collection if name == "collection" else self._properties[name]

    def __iter__(self) -> Iterator[str]:
        yield from ("id", "collection", *self._properties)

    def __len__(self) -> int:
        return 2 + len(self._properties)
