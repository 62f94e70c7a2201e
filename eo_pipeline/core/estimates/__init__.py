"""What exports will cost, from what finished ones cost: rates, hours under a queue, totals with their intervals.

What does not belong here: where records come from (`orchestration`), prices in money (`core.compute.prices`).
"""
