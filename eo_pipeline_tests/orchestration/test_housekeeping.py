"""Old evaluations of automation go, recent ones stay."""

import time

import dagster as dg

from eo_pipeline.orchestration.event_log.housekeeping import EVERY_SECONDS, KEPT_SECONDS, forget_evaluations


def stored(instance: dg.DagsterInstance) -> int:
    assert instance.schedule_storage is not None
    return len(instance.schedule_storage.get_auto_materialize_evaluations_for_evaluation_id(1))


def test_evaluations_are_forgotten_after_a_day_once_an_hour(instance: dg.DagsterInstance) -> None:
    @dg.asset(automation_condition=dg.AutomationCondition.missing())
    def thing() -> None: ...

    [found] = dg.evaluate_automation_conditions(defs=[thing], instance=instance).results
    assert instance.schedule_storage is not None
    evaluation = found.serializable_evaluation.with_run_ids(frozenset())
    instance.schedule_storage.add_auto_materialize_asset_evaluations(1, [evaluation])
    now = time.time()
    assert forget_evaluations(instance, last=0.0, now=now) == now
    assert stored(instance) == 1
    later = now + KEPT_SECONDS + 5
    assert forget_evaluations(instance, last=later - EVERY_SECONDS + 1, now=later) == later - EVERY_SECONDS + 1
    assert stored(instance) == 1
    assert forget_evaluations(instance, last=now, now=later) == later
    assert stored(instance) == 0
