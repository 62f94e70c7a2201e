"""One export: planned, submitted, and what it made brought here."""
