"""The cube as values: template, regions, time, attributes, ledger."""
