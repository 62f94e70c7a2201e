"""Loops over pixels, compiled, on arrays alone; they let other threads run meanwhile."""
