"""Paths of long-running operations: what starts them, and how they are followed. Not here: doing them (`tasks`)."""

from dataclasses import dataclass, replace

from eo_pipeline.sandbox.earth_engine.asset_names import asset_id
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.endpoints import Call
from eo_pipeline.sandbox.routes.calls import PROJECT, Guarded, page_size, project_of
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.asset_making import AssetTarget
from eo_pipeline.sandbox.tasks.image_manifest import decode_image_manifest
from eo_pipeline.sandbox.tasks.submission import decode_ingestion, decode_submission
from eo_pipeline.sandbox.tasks.table_ingestion import decode_table_manifest
from eo_pipeline.sandbox.tasks.task_kinds import check_image_export, check_table_export
from eo_pipeline.sandbox.tasks.task_queue import TaskQueue


@dataclass(frozen=True)
class Operations:
    """Exports, ingestions and the list of both."""

    settings: LiveSettings
    queue: TaskQueue
    compute: ComputeLimits

    def guarded(self) -> list[Guarded]:
        """Its paths."""
        one, may = f"{PROJECT}/operations/{{operation}}", "earthengine.operations"
        return [
            Guarded("POST", f"{PROJECT}/image:export", self.export_image, "earthengine.exports.create"),
            Guarded("POST", f"{PROJECT}/table:export", self.export_table, "earthengine.exports.create"),
            Guarded("POST", f"{PROJECT}/image:import", self.import_image, "earthengine.imports.create"),
            Guarded("POST", f"{PROJECT}/table:import", self.import_table, "earthengine.imports.create"),
            Guarded("GET", f"{PROJECT}/operations", self.list_operations, f"{may}.list"),
            Guarded("POST", f"{one}:cancel", self.cancel_operation, f"{may}.update"),
            Guarded("GET", one, self.get_operation, f"{may}.get"),
        ]

    def export_image(self, call: Call) -> dict[str, object]:
        """POST image:export."""
        check_image_export(call.body)
        return self._submit(call, "EXPORT_IMAGE")

    def export_table(self, call: Call) -> dict[str, object]:
        """POST table:export."""
        check_table_export(call.body)
        return self._submit(call, "EXPORT_FEATURES")

    def import_image(self, call: Call) -> dict[str, object]:
        """POST image:import."""
        return self._ingest(call, "INGEST_IMAGE", decode_image_manifest(call.body).target)

    def import_table(self, call: Call) -> dict[str, object]:
        """POST table:import."""
        return self._ingest(call, "INGEST_TABLE", decode_table_manifest(call.body).target)

    def get_operation(self, call: Call) -> dict[str, object]:
        """GET operations/ID."""
        return self.queue.get(_operation_name(call)).published()

    def cancel_operation(self, call: Call) -> dict[str, object]:
        """POST operations/ID:cancel."""
        self.queue.cancel(_operation_name(call))
        return {}

    def list_operations(self, call: Call) -> dict[str, object]:
        """GET operations, newest first; the token is the place of the last one listed."""
        size = page_size(call, self.settings)
        before = call.whole("pageToken", 10**9)
        known = self.queue.newest_first(project_of(call))
        left = [operation for operation in known if operation.order < before]
        answer: dict[str, object] = {"operations": [operation.published() for operation in left[:size]]}
        if len(left) > size:
            answer["nextPageToken"] = str(left[size - 1].order)
        return answer if left else {}

    def _submit(self, call: Call, kind: str) -> dict[str, object]:
        self.compute.check(project_of(call))
        priority = self.settings.now.default_priority
        submission = decode_submission(project_of(call), kind, call.body, default_priority=priority)
        return self.queue.submit(replace(submission, caller=call.caller)).published()

    def _ingest(self, call: Call, kind: str, target: AssetTarget) -> dict[str, object]:
        id_, settings = asset_id(target.name), self.settings.now
        submission = decode_ingestion(project_of(call), kind, call.body, settings=settings, id_=id_)
        return self.queue.submit(replace(submission, caller=call.caller)).published()


def _operation_name(call: Call) -> str:
    return f"projects/{project_of(call)}/operations/{call.parameters['operation']}"
