"""What a product's cube looks like, and where it is.

What does not belong here: writing it (`assets`), and templates as such (`core.cubes.cube_template`).
"""

import dagster as dg

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import ImageDates, PeriodRule
from eo_pipeline.core.product import Cube
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.partitions import dynamic_name


def cube_template(chain: Chain, declared: Cube, rule: PeriodRule) -> CubeTemplate:
    """What the product's cube looks like."""
    return CubeTemplate(
        product=chain.product.name,
        geobox=chain.cube_geobox,
        bands=tuple(chain.product.bands),
        rule=rule,
        start=chain.product.period.starts_at,
        chunk=declared.chunk,
        shard=chain.product.shard,
    )


def cube_rule(chain: Chain, instance: dg.DagsterInstance) -> PeriodRule:
    """The calendar, or the image dates known today."""
    product = chain.product
    if not product.period.of_images:
        return product.period.rule
    periods = [chain.period(key) for key in sorted(instance.get_dynamic_partitions(dynamic_name(product)))]
    return ImageDates(tuple((p.start, p.end) for p in periods))
