"""What is assumed where pixels are seen together: neighbourhoods, regressions, objects, spectra. Not here: arrays."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

NEIGHBOURHOODS: tuple[Assumption, ...] = (
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
)
