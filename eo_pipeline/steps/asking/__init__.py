"""Asking for very many small pieces, patiently."""
