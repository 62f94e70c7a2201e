"""The built-in world: deterministic images of any place and time, made of noise. Not here: files, the service."""
