"""What is assumed about geometries, and about the places of samples. What does not belong here: burning them."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

GEOMETRIES: tuple[Assumption, ...] = (
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
)
