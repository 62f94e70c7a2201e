"""STAC archives."""
