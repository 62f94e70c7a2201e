"""What a partition of a cube was made of, as Dagster's metadata keep it: versions of scenes or tiles by id.

What does not belong here: comparing (`steps.cubes.find_stale`).
"""

import json
from collections.abc import Mapping

from eo_pipeline.orchestration.event_log import names

_MOST = 2000
"""Versions that are recorded; more would make the event log slow."""


def recorded(versions: Mapping[str, str]) -> dict[str, str]:
    """The metadata's entry; none where there are very many."""
    return {names.SCENES: json.dumps(versions)} if len(versions) <= _MOST else {}


def read(values: Mapping[str, object]) -> Mapping[str, str] | None:
    """The versions of a partition's metadata; None if they are not known."""
    told = values.get(names.SCENES)
    return None if told is None else json.loads(str(told))
