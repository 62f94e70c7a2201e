"""Tests of the sandbox's Cloud Storage: its parts, and unmodified clients over HTTP."""
