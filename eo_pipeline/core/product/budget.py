"""What a product may compute a month. What does not belong here: what it did, and deciding (`core.compute.budget`)."""

from pydantic import Field

from eo_pipeline.core.product.section import Section


class Budget(Section):
    """The product's own part of the project's compute; its exports wait for the next month once it is spent."""

    eecu_hours_a_month: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="EECU-hours a calendar month (UTC); no limit of its own if absent"
    )
