"""`eo-pipeline cube`: looking after a cube that is there."""
