"""What a product will look like, before anything is recorded."""
