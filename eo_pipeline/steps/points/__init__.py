"""Band values at points."""
