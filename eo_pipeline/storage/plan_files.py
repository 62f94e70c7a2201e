"""Saved plans of a product: one JSON file each, below the root, named by the instant it was made.

What does not belong here: what a plan is (`core.estimates.plan`).
"""

import json
from typing import Any

from upath import UPath

from eo_pipeline.core.estimates.plan import Plan
from eo_pipeline.errors import PlanFileError
from eo_pipeline.storage.places import Place

_ENDING = ".json"


def save_plan(place: Place, plan: Plan) -> UPath:
    """Write a plan; its file appears whole.

    Raises:
        StorageError: there is no room, or it may not be written there.
    """
    target = place.path(*_folder(plan.product), f"{plan.made.replace(':', '')}{_ENDING}")
    with place.workspace() as workspace:
        file = workspace / "plan.json"
        file.write_text(json.dumps(plan.to_json(), indent=1), encoding="utf-8")
        place.publish(file, target)
    return target


def read_plans(place: Place, product: str) -> list[Plan]:
    """Every saved plan of a product, oldest first.

    Raises:
        PlanFileError: a file is not a plan.
    """
    folder = place.path(*_folder(product))
    names = sorted(name for name in place.names(folder) if name.endswith(_ENDING))
    return [_read(place, folder / name) for name in names]


def _folder(product: str) -> tuple[str, str]:
    return product, "plans"


def _read(place: Place, file: UPath) -> Plan:
    try:
        saved: Any = json.loads(place.read(file) or b"")
        return Plan.from_json(saved)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanFileError(f"{file}: expected a saved plan, got {error!r}; delete the file") from error
    except PlanFileError as error:
        raise PlanFileError(f"{file}: {error}") from error
