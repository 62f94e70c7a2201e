"""Mosaics: where tiles lie, what they leave open, which value wins."""
