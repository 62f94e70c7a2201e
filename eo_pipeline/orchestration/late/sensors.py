"""Two sensors ask for exactly the partitions whose inputs are others now: `late_inputs` and `late_images`.

What is composed here costs only this machine's time, so `late_inputs` is on; what Earth Engine exports is charged, so
`late_images` is off until a person turns it on. What does not belong here: asking (`rounds`, `questions`).
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from eo_pipeline.core.periods import parse_duration
from eo_pipeline.orchestration.chain import Chain, of_earth_engine
from eo_pipeline.orchestration.late.questions import of_exports, of_scenes
from eo_pipeline.orchestration.late.rounds import Late, Look, Place, Question, look
from eo_pipeline.orchestration.resources import EarthEngineResource
from eo_pipeline.orchestration.scenes.resource import ScenesResource

OF_SCENES, OF_EXPORTS = "late_inputs", "late_images"
_EVERY_SECONDS = 300


def build_late_sensors(chains: Sequence[Chain]) -> list[dg.SensorDefinition]:
    """The sensors of the products that are looked at again (`period.recheck_for`)."""
    again = [chain for chain in chains if parse_duration(chain.product.period.recheck_for)]
    exported = [chain for chain in of_earth_engine(again) if chain.product.source is not None]
    here = [chain for chain in again if chain.product.made_here]
    return [
        *([_late_inputs(here)] if here else []),
        *([_late_images(exported)] if exported else []),
    ]


def _late_inputs(chains: Sequence[Chain]) -> dg.SensorDefinition:
    @dg.sensor(
        name=OF_SCENES,
        jobs=[_job(chain) for chain in chains],
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for scenes and files that came or changed late, every six hours a partition, and has "
        "exactly those partitions composed again.",
    )
    def late_inputs(context: dg.SensorEvaluationContext, scenes: ScenesResource) -> dg.SensorResult:
        now = datetime.now(UTC)
        return _tick(context, chains, lambda chain: of_scenes(chain, context.instance, scenes, now=now), now)

    return late_inputs


def _late_images(chains: Sequence[Chain]) -> dg.SensorDefinition:
    @dg.sensor(
        name=OF_EXPORTS,
        jobs=[_job(chain) for chain in chains],
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Looks for images of Earth Engine that came or changed late, every six hours a partition, and "
        "submits exactly those partitions again, which is charged.",
    )
    def late_images(context: dg.SensorEvaluationContext, earth_engine: EarthEngineResource) -> dg.SensorResult:
        now, service = datetime.now(UTC), earth_engine.settings().service

        def question(chain: Chain) -> Question:
            return of_exports(chain, context.instance, service, lambda: earth_engine.session(interactive=True), now=now)

        return _tick(context, chains, question, now)

    return late_images


def _tick(
    context: dg.SensorEvaluationContext,
    chains: Sequence[Chain],
    question: Callable[[Chain], Question],
    now: datetime,
) -> dg.SensorResult:
    by_name = {chain.product.name: chain for chain in chains}
    questions = [question(chain) for chain in chains]
    found = look(questions, Place.parse(context.cursor), now=now, clock=time.monotonic)
    for product, words in found.problems.items():
        context.log.warning(f"{product}: {words}")
    requests = [_request(by_name[late.product], late) for late in found.late]
    return _result(found, requests)


def _result(found: Look, requests: Sequence[dg.RunRequest]) -> dg.SensorResult:
    return dg.SensorResult(
        run_requests=list(requests) or None,
        skip_reason=None if requests else dg.SkipReason(found.sentence),
        cursor=found.place.text,
    )


def _name(chain: Chain) -> str:
    return f"{chain.product.name}_late"


def _job(chain: Chain) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        _name(chain),
        selection=dg.AssetSelection.assets(chain.key(chain.first_stage)),
        description=f"Asks for partitions of {chain.product.name} whose inputs came or changed late.",
    )


def _request(chain: Chain, late: Late) -> dg.RunRequest:
    """One run a partition and state of its inputs, however often that is seen."""
    return dg.RunRequest(
        run_key=f"{late.product}:{late.partition}:{late.fingerprint}",
        job_name=_name(chain),
        partition_key=late.partition,
    )
