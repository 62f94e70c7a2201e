"""What is assumed about limits, texts and what is drawn, written or said. Not here: limits of arrays and windows."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

LIMITS_AND_TEXTS: tuple[Assumption, ...] = (
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
        "are those of Python, not those of Java; a search that takes longer than a second is refused, and "
        "so are patterns that grow beyond 200000 characters when their repetitions are written out",
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
        "values of more than 2000000 numbers cannot be answered, compared as text or made an image; lists of more than "
        "1000000 elements and texts of more than 10000000 characters are refused",
        "chosen",
        "graph.comparing:LARGEST_VALUE",
        ("List.cat", "List.flatten", "List.repeat", "String.cat", "String.replace"),
    ),
    Assumption(
        "wrong types",
        "are refused with the text 'FUNCTION, argument 'NAME': Invalid type.' and expected and actual types",
        "reported",
        "graph.evaluate:Evaluator",
    ),
)
