"""Benchmarks: this project beside a peer and beside a limit, in the same run, with outputs compared.

A benchmark is a module here whose docstring's first line says what it measures and that defines
`comparisons() -> Iterator[Comparison]`. What does not belong here: a peer among the project's dependencies; each has an
environment of its own (`peers`).
"""
