"""Reading scenes of files that the tests write."""
