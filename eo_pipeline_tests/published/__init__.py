"""The two published examples of fast downloads, whole, as products on the sandbox: `make published`."""
