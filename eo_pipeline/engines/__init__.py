"""Batches of work on processes of this machine, on Dask or on Lithops, all with the same call.

`spawn(function, batches, engine=open_engine(choice))` yields an `Outcome` a batch. What does not belong here: what the
work is, and which engine a deployment or a product wants (`core.engine_choice`).
"""

from eo_pipeline.engines.batches import in_batches
from eo_pipeline.engines.environment import Environment
from eo_pipeline.engines.opening import open_engine
from eo_pipeline.engines.policy import Policy
from eo_pipeline.engines.spawn import Attempt, Engine, Outcome, Progress, spawn

__all__ = [
    "Attempt",
    "Engine",
    "Environment",
    "Outcome",
    "Policy",
    "Progress",
    "in_batches",
    "open_engine",
    "spawn",
]
