"""Scenes of an archive as values and rules. What does not belong here: searching archives, and reading pixels."""
