"""What is assumed about grids, pyramids and the pixels of a region. What does not belong here: neighbours."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

GRIDS: tuple[Assumption, ...] = (
    Assumption(
        "reduceResolution",
        "gives pixels whose mask is the valid fraction of their area",
        "inferred",
        "graph.aggregation:aggregate",
        ("Image.reduceResolution",),
    ),
    Assumption(
        "least coverage",
        "weighted reducers see a pixel if at least 0.005 of its area lies in the region",
        "remembered",
        "algorithms.region_values:LEAST_COVERAGE",
        (
            "Image.reduceRegion",
            "Image.reduceRegions",
        ),
    ),
    Assumption(
        "bestEffort",
        "doubles the scale until the region has at most maxPixels pixels",
        "inferred",
        "algorithms.region_values:Lattice",
        ("Image.reduceRegion",),
    ),
    Assumption(
        "pyramids",
        "end at the level whose longer side has at most 256 pixels",
        "inferred",
        "graph.sources:TOP_LEVEL_SIDE",
        (
            "Image.load",
            "ImageCollection.load",
        ),
    ),
    Assumption(
        "grid of a scale",
        "lies on the lattice through the origin of the CRS and is snapped outwards",
        "inferred",
        "graph.grids:Projection",
        (
            "Projection.atScale",
            "Image.reproject",
            "Image.clipToBoundsAndScale",
            "Image.reduceRegion",
            "Image.reduceRegions",
            "Image.sample",
            "Image.sampleRegions",
            "Image.stratifiedSample",
            "ImageCollection.getRegion",
        ),
    ),
)
