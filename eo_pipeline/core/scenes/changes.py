"""What became of a place's scenes since they were recorded. What does not belong here: what is made again for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eo_pipeline.core.scenes.scene import Scene


@dataclass(frozen=True)
class SceneChanges:
    """Ids of scenes, sorted.

    Attributes:
        added: that are new.
        changed: that have another version.
        removed: that are gone.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = {"added": self.added, "changed": self.changed, "removed": self.removed}
        return ", ".join(f"{len(ids)} {what}" for what, ids in counts.items() if ids) or "the same scenes"


def changes_since(recorded: Mapping[str, str], scenes: Sequence[Scene]) -> SceneChanges:
    """How today's scenes differ from recorded ones.

    Args:
        recorded: versions by id.
        scenes: of today.
    """
    today = {scene.id: scene.version for scene in scenes}
    both = recorded.keys() & today.keys()
    return SceneChanges(
        added=tuple(sorted(today.keys() - recorded.keys())),
        changed=tuple(sorted(name for name in both if recorded[name] != today[name])),
        removed=tuple(sorted(recorded.keys() - today.keys())),
    )
