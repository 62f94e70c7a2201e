"""Pure values and rules: no IO, clock, environment or random numbers."""
