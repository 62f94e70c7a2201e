"""The computation: decode an expression, evaluate it, read pixels. What does not belong here: HTTP and storage."""
