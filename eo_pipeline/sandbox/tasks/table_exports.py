"""Table exports to files: their request, and their work. What does not belong here: the files' form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.table_files import MEDIA_TYPES, SUFFIXES, check_format, write_table
from eo_pipeline.sandbox.frame.request_fields import mapping, text, texts
from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.destinations import Target, decode_target
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.task_work import Report

SECONDS_PER_FEATURE = 0.001
"""EECU-seconds charged for a feature."""


@dataclass(frozen=True)
class TableExportRequest:
    """Where a table goes, and how it looks."""

    expression: Mapping[str, object]
    target: Target
    file_format: str
    selectors: tuple[str, ...]
    """Columns, in order; empty: those of the first feature."""

    @property
    def file_name(self) -> str:
        """The name of the one file."""
        return f"{self.target.prefix}{SUFFIXES[self.file_format]}"


def decode_table_export(body: Mapping[str, object]) -> TableExportRequest:
    """Read the body of `table:export`.

    Raises:
        ServiceError: A field is missing, of the wrong kind, or asks for something the sandbox does not do.
    """
    options = mapping(body, "fileExportOptions")
    target = decode_target(options, description=text(body, "description") or "")
    file_format = check_format(text(options, "fileFormat") or "CSV")
    return TableExportRequest(mapping(body, "expression"), target, file_format, texts(body, "selectors"))


class TableExporter:
    """Does the work of `EXPORT_FEATURES` operations.

    Args:
        engine: Evaluates the expression.
        delivery: Takes the file.
    """

    def __init__(self, *, engine: Engine, delivery: Delivery) -> None:
        self._engine = engine
        self._delivery = delivery

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Export the features of an operation and return its destination URIs.

        Raises:
            ServiceError: What the service would end the operation with.
        """
        request = decode_table_export(operation.request)
        destination = self._delivery.destination(operation, request.target)
        with self._delivery.folder(operation) as folder:
            path = folder / "table"
            with path.open("w", encoding="utf-8", newline="") as file:
                features = self._reported(request, report)
                count = write_table(file, request.file_format, features, request.selectors)
            report(progress=1.0, eecu_seconds=count * SECONDS_PER_FEATURE)
            content_type = MEDIA_TYPES[request.file_format]
            self._delivery.deliver(operation, destination, request.file_name, path, content_type)
        return destination.uris()

    def _reported(self, request: TableExportRequest, report: Report) -> Iterator[Element]:
        """The features; before each, whoever waits is told."""
        for count, element in enumerate(self._engine.features(request.expression)):
            report(progress=0.5, eecu_seconds=count * SECONDS_PER_FEATURE)
            yield element
