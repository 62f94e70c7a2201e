"""Jobs that look after a product's cube from Dagster's UI: verify, roll back, tag a release, collect garbage.

The same functions as behind `eo-pipeline cube`. What does not belong here: the functions (`storage.cubes`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from eo_pipeline.core.product import Cube
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.checks import SHOWN, listed
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.io_managers import CubeIO
from eo_pipeline.storage.cubes import (
    Collected,
    HowToVerify,
    collect_garbage,
    roll_back,
    tag_release,
    verify_cube,
)


class VerifyConfig(dg.Config):
    """What is checked.

    Attributes:
        version: snapshot or tag; the head if empty. Plain Zarr has none.
        max_nodata: largest share of nodata in what is written of a period, 0 to 1.
        threads: that read at once.
    """

    version: str = ""
    max_nodata: float = 1.0
    threads: int = 8


class RollBackConfig(dg.Config):
    """Where to.

    Attributes:
        version: snapshot or tag that becomes the head again.
        dry_run: only tell which commits are no longer part of the cube then.
    """

    version: str
    dry_run: bool = True


class TagConfig(dg.Config):
    """What is named.

    Attributes:
        name: of the release; it means one version for ever.
        version: snapshot or another tag; the head if empty.
    """

    name: str
    version: str = ""


class GarbageConfig(dg.Config):
    """What goes.

    Attributes:
        older_than_days: versions committed before expire; the head and releases stay.
        dry_run: only tell what would go.
    """

    older_than_days: float = 30.0
    dry_run: bool = True


def build_cube_jobs(chain: Chain, declared: Cube) -> list[dg.JobDefinition]:
    """The jobs of one product's cube: four, or only the first where it has no versions."""
    name = chain.product.name
    verify = _job(_verify(chain, declared), f"Checks all of the cube of {name}, as `eo-pipeline cube verify` does.")
    if declared.store == "zarr":
        return [verify]
    return [
        verify,
        _job(
            _roll_back(chain, declared),
            f"Makes an earlier version of the cube of {name} the head again; tells only, unless dry_run is false. "
            "Nothing is deleted; the run says how to undo it.",
        ),
        _job(_tag(chain, declared), f"Names a version of the cube of {name} for ever: a release never expires."),
        _job(
            _collect(chain, declared),
            f"Expires old versions of the cube of {name} and deletes what no version holds; tells only, unless "
            "dry_run is false.",
        ),
    ]


def _job(op: dg.OpDefinition, description: str) -> dg.JobDefinition:
    graph = dg.GraphDefinition(name=op.name.removesuffix("_op"), node_defs=[op])
    return graph.to_job(description=description, executor_def=dg.in_process_executor)


def _op_name(chain: Chain, what: str) -> str:
    """Of an op; the job's is the same without its ending."""
    return f"{chain.product.name}_cube_{what}_op"


def _verify(chain: Chain, declared: Cube) -> dg.OpDefinition:
    @dg.op(name=_op_name(chain, "verify"))
    def verify(context: dg.OpExecutionContext, config: VerifyConfig, cube_io: dg.ResourceParam[CubeIO]) -> None:
        template = cube_template(chain, declared, cube_rule(chain, context.instance))
        how = HowToVerify(max_nodata=config.max_nodata, threads=config.threads)
        with _told():
            verified = verify_cube(cube_io.address(declared), template, version=config.version or None, how=how)
        found = verified.findings
        context.log.info(f"{verified.slots:,} slots, {verified.shards:,} stored shards read, {len(found)} findings")
        if found:
            raise dg.Failure(
                description=f"{len(found)}{' and more' if verified.more else ''} findings:\n{listed(found, SHOWN)}",
                metadata={"findings": dg.MetadataValue.md(listed(found, len(found)))},
                allow_retries=False,
            )

    return _made(verify)


def _roll_back(chain: Chain, declared: Cube) -> dg.OpDefinition:
    @dg.op(name=_op_name(chain, "roll_back"))
    def back(context: dg.OpExecutionContext, config: RollBackConfig, cube_io: dg.ResourceParam[CubeIO]) -> None:
        with _told():
            rolled = roll_back(cube_io.address(declared), config.version, dry_run=config.dry_run)
        head, before = rolled.head, rolled.before
        for version in rolled.undone:
            context.log.info(f"no longer part of the cube: {version.snapshot} {version.message}")
        where = f"from {before.snapshot} ({before.message}) to {head.snapshot} ({head.message})"
        undo = f"; to undo, roll back to {before.snapshot}"
        context.log.info(f"would go {where}: dry_run is true" if config.dry_run else f"went {where}{undo}")

    return _made(back)


def _tag(chain: Chain, declared: Cube) -> dg.OpDefinition:
    @dg.op(name=_op_name(chain, "tag"))
    def tag(context: dg.OpExecutionContext, config: TagConfig, cube_io: dg.ResourceParam[CubeIO]) -> None:
        with _told():
            tagged = tag_release(cube_io.address(declared), config.name, config.version or None)
        context.log.info(f"{config.name} is {tagged.snapshot} ({tagged.message})")

    return _made(tag)


def _collect(chain: Chain, declared: Cube) -> dg.OpDefinition:
    @dg.op(name=_op_name(chain, "collect_garbage"))
    def collect(context: dg.OpExecutionContext, config: GarbageConfig, cube_io: dg.ResourceParam[CubeIO]) -> None:
        now = datetime.now(UTC)
        before = now - timedelta(days=config.older_than_days)
        with _told():
            found = collect_garbage(cube_io.address(declared), older_than=before, now=now, dry_run=config.dry_run)
        for version in found.expired:
            context.log.info(f"expires: {version.snapshot} {version.message}")
        context.log.info(_freed(found))

    return _made(collect)


def _freed(found: Collected) -> str:
    freed = f"{found.chunks:,} chunks and {found.files:,} other objects of {found.bytes:,} bytes"
    versions = f"{len(found.expired)} versions expire, {len(found.kept)} stay"
    return f"{versions}; {'would delete' if found.dry_run else 'deleted'} {freed}"


def _made(op: Callable[..., Any]) -> dg.OpDefinition:
    """What the decorator gives; its annotation says less."""
    assert isinstance(op, dg.OpDefinition)  # noqa: S101  # see above
    return op


@contextmanager
def _told() -> Iterator[None]:
    """An error of the project is the run's failure, in its own words.

    Raises:
        dg.Failure: never retried by Dagster.
    """
    try:
        yield
    except EoPipelineError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
