"""Imported before sandboxes are forked (`nursery`): what each would read and check anew when it starts, done once."""

from eo_pipeline.sandbox.algorithms import registry
from eo_pipeline.sandbox.graph.signatures import wheel_algorithms
from eo_pipeline.sandbox.world.coast import load_coast

load_coast()
registry(wheel_algorithms())
