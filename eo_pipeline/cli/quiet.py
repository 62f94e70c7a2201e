"""Keeps other libraries' notes off a person's terminal.

What does not belong here: this project's own messages.
"""

import warnings

import icechunk

_DAGSTER_S_NOTES = r".* is currently in (beta|preview)"
"""Warnings about parts of Dagster that this project uses on purpose."""


def quiet() -> None:
    """Silence, in this process, notes that ask nothing of whoever runs a command."""
    warnings.filterwarnings("ignore", message=_DAGSTER_S_NOTES)
    icechunk.set_logs_filter("error")
