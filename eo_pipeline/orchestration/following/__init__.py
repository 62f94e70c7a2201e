"""What became of exports: listed operations against the ledger, and the sensors that look."""
