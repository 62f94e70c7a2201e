"""What became of a place's scenes, or tiles, since they were recorded. Not here: what is made again for it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SceneChanges:
    """Ids of scenes or places of tiles, sorted.

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


def changes_since(recorded: Mapping[str, str], today: Mapping[str, str]) -> SceneChanges:
    """How today's scenes differ from recorded ones.

    Args:
        recorded: versions by id.
        today: likewise.
    """
    both = recorded.keys() & today.keys()
    return SceneChanges(
        added=tuple(sorted(today.keys() - recorded.keys())),
        changed=tuple(sorted(name for name in both if recorded[name] != today[name])),
        removed=tuple(sorted(recorded.keys() - today.keys())),
    )
