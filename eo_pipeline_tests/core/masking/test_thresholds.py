"""Scores of Cloud Score+ and probabilities of s2cloudless."""

import numpy as np

from eo_pipeline.core.masking import Between, MaskRule, mask_rule
from eo_pipeline.core.product import Mask


def test_cloud_score_plus_keeps_scores_at_or_above_the_threshold() -> None:
    rule = mask_rule(Mask.model_validate({"cloud_score_plus": {"band": "cs", "threshold": 0.6}}))
    scores = np.array([[0.0, 0.5999999999, 0.6, 154 / 255, 1.0, np.nan]])
    assert rule.band == "cs"
    assert rule.usable(scores).tolist() == [[False, False, True, True, True, False]]


def test_scores_of_single_precision_are_compared_in_double() -> None:
    score = np.array([[0.65, 0.6]], np.float32)
    assert float(score[0, 0]) < 0.65
    assert float(score[0, 1]) > 0.6
    assert Between(least=0.65).usable(score).tolist() == [[False, False]]
    assert Between(least=0.6).usable(score).tolist() == [[True, True]]


def test_probabilities_of_clouds_are_usable_below_theirs() -> None:
    rule = MaskRule("probability", Between(below=40))
    probability = np.array([[0, 39, 40, 100, 255]], np.uint8)
    assert rule.usable(probability, nodata=255).tolist() == [[True, True, False, False, False]]
