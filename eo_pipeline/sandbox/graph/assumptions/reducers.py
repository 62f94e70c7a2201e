"""What is assumed about reducers. What does not belong here: regressions, and which pixels lie in a region."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

REDUCERS: tuple[Assumption, ...] = (
    Assumption(
        "count where nothing is valid",
        "a count over images is masked where no image is valid; over a region it is 0",
        "inferred",
        "algorithms.composites:run_on_stacks",
        (
            "Reducer.count",
            "reduce.count",
        ),
    ),
    Assumption(
        "counts of inputs",
        "countEvery counts the elements of lists and the rows of columns, null or not, and is refused for images; "
        "countDistinct leaves out what is missing, as countDistinctNonNull does",
        "inferred",
        "algorithms.reducers:count_every",
        ("Reducer.countEvery", "Reducer.countDistinct"),
    ),
    Assumption(
        "mask of a composite",
        "is the largest mask of its samples",
        "inferred",
        "algorithms.composites:run_on_stacks",
        (
            "ImageCollection.reduce",
            "Image.reduce",
            "reduce.*",
        ),
    ),
    Assumption(
        "missing properties under Reducer.repeat",
        "each input of a repeated reducer leaves out what is missing by itself; other reducers of columns leave out "
        "the whole element; xee relies on it for computed collections",
        "inferred",
        "algorithms.aggregates:reduce_columns",
        ("Reducer.repeat",),
    ),
    Assumption(
        "percentiles and median",
        "are exact, interpolated linearly between the two nearest samples, and take no account of weights; "
        "the service approximates large samples by histograms",
        "inferred",
        "graph.statistics:percentiles",
        (
            "Reducer.median",
            "Reducer.percentile",
            "Reducer.intervalMean",
            "reduce.median",
        ),
    ),
    Assumption(
        "equal qualities",
        "of a quality mosaic show the first of those images",
        "inferred",
        "algorithms.composites:quality_mosaic",
        ("ImageCollection.qualityMosaic",),
    ),
    Assumption(
        "mode",
        "of several equally frequent values is the smallest",
        "inferred",
        "graph.statistics:mode",
        (
            "Reducer.mode",
            "reduce.mode",
            "Image.focal_mode",
            "Image.focalMode",
        ),
    ),
    Assumption(
        "histogram",
        "has buckets of equal width that begin at the smallest sample",
        "inferred",
        "graph.object_statistics:histogram",
        ("Reducer.histogram",),
    ),
    Assumption(
        "sample variance",
        "of weighted samples is the population variance times n / (n - 1), n the sum of weights",
        "inferred",
        "graph.statistics:sample_variance",
        (
            "Reducer.sampleVariance",
            "Reducer.sampleStdDev",
        ),
    ),
)
