"""One export: its plan and identity, what became of it, and what is done next."""
