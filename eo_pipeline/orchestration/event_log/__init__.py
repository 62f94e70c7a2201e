"""What Dagster's event log holds for us, and how it is read and kept: the ledger."""
