"""Tests of one export."""
