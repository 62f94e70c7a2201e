"""Checks of a cube that a person reads in the UI: is it what it should be, does the ledger tell what the data hold.

All of them come from one reading of what was written since they passed; the job `<product>_cube_verify` reads it all.
Plain Zarr does not tell what was written since: all of it is read each time.
What does not belong here: what is wrong (`storage.cubes.verify`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from eo_pipeline.core.cubes.cube_findings import Check, Finding
from eo_pipeline.core.product import Cube
from eo_pipeline.orchestration.automation import when_quiet
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.io_managers import CubeIO
from eo_pipeline.storage.cubes import HowToVerify, Verified, cube_exists, verify_cube

SHOWN = 20
"""Findings of a check that are listed."""

SNAPSHOT = "snapshot"
"""Metadata of a check: the version that it looked at."""

_SAID = {
    Check.STRUCTURE: "Arrays, chunks, data types and attributes are those that the product asks for.",
    Check.ALIGNMENT: "Coordinates, CRS and transforms mean one grid, and slots are in order.",
    Check.LEDGER: "What the ledger says of each shard is what the shard holds.",
    Check.NODATA: "Nothing is NaN where nodata is another number; how much is nodata is told.",
    Check.RANGE: "Stored numbers lie in the range, or among the flags, that their band declares.",
}

_BEFORE_DATA = (Check.STRUCTURE, Check.ALIGNMENT)
"""Checks whose findings may keep the shards from being read."""


def build_cube_checks(chain: Chain, declared: Cube) -> dg.AssetChecksDefinition:
    """The checks of one product's cube.

    They go with every run of the asset: so they read only slots that were written to since all of them passed, where
    the cube has versions.
    """

    @dg.multi_asset_check(name=f"{chain.product.name}_cube_checks", specs=list(_specs(chain)))
    def cube_checks(
        context: dg.AssetCheckExecutionContext, cube_io: dg.ResourceParam[CubeIO]
    ) -> Iterator[dg.AssetCheckResult]:
        address, key = cube_io.address(declared), chain.key("cube")
        if not cube_exists(address):
            yield from (_nothing(key, check) for check in Check)
            return
        how = HowToVerify(since=found_right(context.instance, chain))
        template = cube_template(chain, declared, cube_rule(chain, context.instance))
        verified = verify_cube(address, template, how=how)
        yield from (_result(key, check, verified) for check in Check)

    return cube_checks


def found_right(instance: dg.DagsterInstance, chain: Chain) -> str:
    """The snapshot at which every check passed the last time; empty if one of them did not, or never ran."""
    told = {_passed_at(instance, dg.AssetCheckKey(chain.key("cube"), check.value)) for check in Check}
    return told.pop() if len(told) == 1 else ""


def _passed_at(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> str:
    """The snapshot that a check looked at the last time, if it passed; else empty."""
    done = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
    for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=1, status=done):
        event = record.event.dagster_event if record.event is not None else None
        found = None if event is None else event.asset_check_evaluation_data
        if found is not None and found.passed and SNAPSHOT in found.metadata:
            return str(found.metadata[SNAPSHOT].value)
    return ""


def _specs(chain: Chain) -> Iterator[dg.AssetCheckSpec]:
    for check in Check:
        yield dg.AssetCheckSpec(
            check.value, asset=chain.key("cube"), description=_SAID[check], automation_condition=when_quiet()
        )


def _nothing(key: dg.AssetKey, check: Check) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=True, asset_key=key, check_name=check.value, description="Nothing is written yet."
    )


def _result(key: dg.AssetKey, check: Check, verified: Verified) -> dg.AssetCheckResult:
    mine = [finding for finding in verified.findings if finding.check is check]
    blind = not mine and _is_blind(check, verified)
    return dg.AssetCheckResult(
        passed=not mine and not blind,
        asset_key=key,
        check_name=check.value,
        severity=dg.AssetCheckSeverity.WARN if blind else dg.AssetCheckSeverity.ERROR,
        description=_sentence(mine, verified, blind=blind),
        metadata={
            **({SNAPSHOT: verified.snapshot} if verified.snapshot else {}),
            "slots looked at": verified.slots,
            "shards read": verified.shards,
            "findings": len(mine),
            **({"wrong": dg.MetadataValue.md(listed(mine, SHOWN))} if mine else {}),
            **(_shares(verified) if check is Check.NODATA else {}),
        },
    )


def _is_blind(check: Check, verified: Verified) -> bool:
    """True if what an earlier check found kept this one from looking at anything, or at all of it."""
    found = Counter(finding.check for finding in verified.findings)
    if verified.more:
        return True
    return bool(found[Check.STRUCTURE]) or (check not in _BEFORE_DATA and not verified.slots and bool(found))


def _sentence(mine: Sequence[Finding], verified: Verified, *, blind: bool) -> str:
    if blind:
        return "Not looked at in full, since another check found too much: mend that first."
    if mine:
        return f"{len(mine)} findings, first {mine[0].where}: {mine[0].said}"
    if not verified.slots:
        return "As it should be; no slot was written to since all checks passed."
    return f"As it should be: {verified.slots:,} slots, {verified.shards:,} stored shards."


def listed(findings: Sequence[Finding], limit: int) -> str:
    """The first findings as a Markdown list."""
    lines = [f"- `{finding.where}`: {finding.said}" for finding in findings[:limit]]
    rest = len(findings) - len(lines)
    return "\n".join([*lines, *([f"- and {rest} more"] if rest > 0 else [])])


def _shares(verified: Verified) -> dict[str, float]:
    return {f"nodata of {band}": round(share, 4) for band, share in verified.nodata_shares.items()}
