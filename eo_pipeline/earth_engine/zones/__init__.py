"""Statistics of zones computed by the service, as expressions."""
