"""What the evaluator assumes where the service's behaviour is not documented, for docs to list.

What does not belong here: behaviour the client can ask for, and `settings`, which can be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["inferred", "remembered", "reported", "chosen"]
"""inferred from what is documented; remembered: unverified; reported in public code or issues; chosen: ours."""


@dataclass(frozen=True)
class Assumption:
    """One behaviour that was not checked against the service.

    Attributes:
        topic: what it is about, in the field's words.
        says: what the sandbox does.
        source: where that comes from.
        decided_in: module under eo_pipeline.sandbox, a colon, and the name in it that decides.
        functions: patterns of the wire names whose results it changes, for example Image.focal*; empty if it is about
            no function in particular.
    """

    topic: str
    says: str
    source: Source
    decided_in: str
    functions: tuple[str, ...] = ()


ASSUMPTIONS: tuple[Assumption, ...] = (
    Assumption(
        "division by zero",
        "of images, numbers and arrays gives 0, the mask stays; so does a remainder",
        "remembered",
        "algorithms.arithmetic:FAMILY",
        (
            "Image.divide",
            "Image.mod",
            "Number.divide",
            "Number.mod",
            "Array.divide",
            "Array.mod",
        ),
    ),
    Assumption(
        "casts",
        "to an integer type cut fractions towards zero and end at the type's limits; NaN becomes 0; as single "
        "numbers NaN and infinity are refused",
        "remembered",
        "algorithms.unary:cast_band",
        (
            "Image.cast",
            "Image.byte",
            "Image.int*",
            "Image.uint*",
            "Image.short",
            "Image.long",
            "Image.to[BILSU]*",
            "Number.byte",
            "Number.int*",
            "Number.uint*",
            "Number.short",
            "Number.long",
            "Number.to[BILSU]*",
            "Array.byte",
            "Array.int*",
            "Array.uint*",
            "Array.short",
            "Array.long",
            "Array.to[BISU]*",
            "Array.toLong",
        ),
    ),
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
        "algorithms.regions:LEAST_COVERAGE",
        (
            "Image.reduceRegion",
            "Image.reduceRegions",
        ),
    ),
    Assumption(
        "bestEffort",
        "doubles the scale until the region has at most maxPixels pixels",
        "inferred",
        "algorithms.regions:Lattice",
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
    Assumption(
        "neighbourhoods",
        "are masked where their middle is; kernels reach at most 256 pixels, focal functions repeat at most 100 times",
        "chosen",
        "algorithms.kernels:LARGEST_RADIUS",
        (
            "Image.focal*",
            "Image.entropy",
            "Image.neighborhoodToArray",
            "Image.reduceNeighborhood",
            "Kernel.*",
        ),
    ),
    Assumption(
        "convolutions",
        "lay a kernel's weights as they are written, without turning them by 180 degrees; a pixel is masked where any "
        "pixel under a weight that is not 0 is",
        "inferred",
        "algorithms.convolutions:convolve",
        ("Image.convolve",),
    ),
    Assumption(
        "gaussian kernels",
        "hold the pixels nearer than the radius along each axis, as the documented example does",
        "inferred",
        "algorithms.kernels:gaussian",
        ("Kernel.gaussian",),
    ),
    Assumption(
        "gradients, slopes and aspects",
        "take half the difference of the two neighbours, over metres on the ground; degrees of longitude shrink with "
        "the cosine of the latitude; projected systems count as true to scale",
        "inferred",
        "graph.ground:pixel_sides",
        (
            "Image.gradient",
            "Terrain",
            "Terrain.aspect",
            "Terrain.hillshade",
            "Terrain.products",
            "Terrain.slope",
        ),
    ),
    Assumption(
        "hillShadow",
        "walks along pixels towards the light; hysteresis is refused",
        "inferred",
        "algorithms.terrain:hill_shadow",
        (
            "HillShadow",
            "Terrain.hillShadow",
        ),
    ),
    Assumption(
        "distances",
        "count sources within a square of the kernel's or neighbourhood's reach; farther ones mask the pixel; "
        "neighbourhoods are at most 1024 pixels",
        "inferred",
        "algorithms.distances:nearest_distances",
        (
            "Image.distance",
            "Image.fastDistanceTransform",
        ),
    ),
    Assumption(
        "directional distances",
        "follow an angle counter-clockwise from the direction of increasing columns",
        "inferred",
        "algorithms.distances:ray",
        ("Image.directionalDistanceTransform",),
    ),
    Assumption(
        "cumulativeCost",
        "charges a move the mean of both pixels times the metres between them, on the ground whatever "
        "geodeticDistance says; a way has at most maxDistance over the pixel's side moves, and at most 256",
        "inferred",
        "algorithms.paths:cumulative_cost",
        ("Image.cumulativeCost",),
    ),
    Assumption(
        "regressions, covariances and correlations",
        "count each sample fully; residuals and covariances are divided by the number of samples; skew and kurtosis "
        "are those of the population, kurtosis less 3; the offset of sensSlope goes through both medians",
        "inferred",
        "graph.regressions:least_squares",
        (
            "Reducer.linearRegression",
            "Reducer.covariance",
            "Reducer.centeredCovariance",
            "Reducer.pearsonsCorrelation",
            "Reducer.sensSlope",
            "Reducer.skew",
            "Reducer.kurtosis",
        ),
    ),
    Assumption(
        "labels of connected components",
        "follow from where an object's first pixel lies on the lattice, so they are the same in every window; "
        "they repeat after 65536 rows or 32768 columns; objects have at most 1024 pixels",
        "chosen",
        "algorithms.components:connected_components",
        ("Image.connectedComponents",),
    ),
    Assumption(
        "polygons of reduceToVectors",
        "are unions of whole pixels; one segment is one feature, whose parts may touch in corners only",
        "inferred",
        "algorithms.vectors:reduce_to_vectors",
        ("Image.reduceToVectors",),
    ),
    Assumption(
        "co-occurrences",
        "are counted in both orders, of pairs that lie within the window; entropies use natural logarithms, the sum "
        "variance is around the sum average, the correlation without variance is 0, maxcorr is 0; bands of single "
        "directions end with the offset; a window reaches at most 32 pixels",
        "inferred",
        "algorithms.texture:glcm_texture",
        ("Image.glcmTexture",),
    ),
    Assumption(
        "spectral distances",
        "are a band named distance; sid uses natural logarithms; masked where the metric is no finite number",
        "inferred",
        "algorithms.spectra:spectral_distance",
        ("Image.spectralDistance",),
    ),
    Assumption(
        "Sentinel2.CDI",
        "is computed on the lattice of B8A in windows of 7 by 7 pixels, from the ratios of B7 and of B8, averaged by "
        "its pyramid, to B8A; masked where neither ratio varies",
        "inferred",
        "algorithms.sentinel2:cloud_displacement_index",
        ("Sentinel2.CDI",),
    ),
    Assumption(
        "pixels that are arrays",
        "are masked where a collection has no valid image; sorting keeps the order of equal keys; only functions that "
        "name, place, mask or calculate take them; they cannot be written",
        "inferred",
        "graph.array_pixels:on_arrays",
        (
            "ImageCollection.toArray",
            "Array.sort",
            "Image.arraySort",
        ),
    ),
    Assumption(
        "size of arrays",
        "is limited to 1000000 elements, as values and in pixels, where they are made, reshaped, padded or repeated",
        "chosen",
        "graph.array_blocks:LARGEST_ARRAY",
        (
            "Array.identity",
            "Array.pad",
            "Array.repeat",
            "Array.reshape",
            "Image.arrayPad",
            "Image.arrayRepeat",
            "Image.arrayReshape",
        ),
    ),
    Assumption(
        "geodesic edges",
        "are treated as straight in the CRS when geometries are intersected, clipped or burnt; the flag is only kept",
        "chosen",
        "graph.geometry:Geometry",
        (
            "GeometryConstructors.L*",
            "GeometryConstructors.Multi[LP]*",
            "GeometryConstructors.Polygon",
            "GeometryConstructors.Rectangle",
            "Geometry.intersection",
            "Geometry.union",
            "Geometry.difference",
            "Geometry.symmetricDifference",
            "Image.clip",
            "Image.paint",
        ),
    ),
    Assumption(
        "buffers",
        "are made in an azimuthal equidistant system around the geometry's centre, with 16 points a quarter",
        "chosen",
        "algorithms.geometries:buffered",
        (
            "Geometry.buffer",
            "Feature.buffer",
        ),
    ),
    Assumption(
        "random numbers",
        "of samples and of randomColumn are the same for the same seed, but not the service's",
        "chosen",
        "algorithms.sampling:sample",
        (
            "Image.sample",
            "Image.stratifiedSample",
            "Collection.randomColumn",
            "FeatureCollection.randomPoints",
        ),
    ),
    Assumption(
        "long collections",
        "every question that needs more than 5000 images is refused, size() included; "
        "the service refuses only to hand them out, as the sandbox does with features",
        "chosen",
        "graph.collections:ELEMENT_LIMIT",
        (
            "ImageCollection.load",
            "Collection.size",
        ),
    ),
    Assumption(
        "long searches",
        "end after 20000 images with 'Computation timed out.'",
        "chosen",
        "graph.catalog_images:SCAN_LIMIT",
        ("Collection.filter",),
    ),
    Assumption(
        "getRegion",
        "returns at most 1048576 values",
        "remembered",
        "algorithms.sampling:MAX_VALUES",
        ("ImageCollection.getRegion",),
    ),
    Assumption(
        "columns of CSV",
        "are system:index, the sorted properties of the first feature, and .geo; a missing geometry is an empty "
        "MultiPoint; whole numbers have no point; one file holds the table",
        "reported",
        "earth_engine.table_files:write_table",
    ),
    Assumption(
        "paint and style",
        "widths count pixels of the requested grid; edges of at most one pixel burn every pixel they touch",
        "inferred",
        "algorithms.painting:burnt",
        (
            "Image.paint",
            "Collection.style",
        ),
    ),
    Assumption(
        "regular expressions",
        "are those of Python, not those of Java",
        "chosen",
        "algorithms.strings:match",
        (
            "String.match",
            "String.replace",
            "String.split",
            "Image.select",
            "Dictionary.select",
            "Dictionary.remove",
            "Feature.select",
        ),
    ),
    Assumption(
        "formats of numbers",
        "are Python's patterns of printf; %s shows whole numbers without a point",
        "chosen",
        "algorithms.numbers:format_",
        ("Number.format",),
    ),
    Assumption(
        "text of a transform",
        "names the elements that differ from the identity, with a comma and a space between all parts",
        "inferred",
        "algorithms.projections:transform",
        ("Projection.transform",),
    ),
    Assumption(
        "interpolation",
        "is bilinear only; bicubic is refused",
        "chosen",
        "algorithms.projections:resample",
        ("Image.resample",),
    ),
    Assumption(
        "simplify",
        "drops vertices by Douglas and Peucker's rule; in a geographic CRS a degree counts 111319.49 m everywhere",
        "chosen",
        "algorithms.geometries:simplify",
        ("Geometry.simplify",),
    ),
    Assumption(
        "units of time",
        "a month has 365.2425 / 12 days where a fraction of it, or a difference in it, is asked for",
        "inferred",
        "algorithms.dates:difference",
        ("Date.difference", "Date.advance"),
    ),
    Assumption(
        "large values",
        "answers of more than 2000000 numbers, lists of more than 1000000 elements and texts of more than 10000000 "
        "characters are refused",
        "chosen",
        "graph.encode:ANSWER_SIZE",
        ("List.cat", "List.flatten", "List.repeat", "String.cat", "String.replace"),
    ),
    Assumption(
        "wrong types",
        "are refused with the text 'FUNCTION, argument 'NAME': Invalid type.' and expected and actual types",
        "reported",
        "graph.evaluate:Evaluator",
    ),
)
"""Everything assumed, by topic."""
