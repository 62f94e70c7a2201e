"""One folder a product, each with a defs.yaml."""
