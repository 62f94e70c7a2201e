"""The demo's products."""
