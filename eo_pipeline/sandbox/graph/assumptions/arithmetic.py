"""What is assumed about arithmetic and casts. What does not belong here: what reducers calculate."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

ARITHMETIC: tuple[Assumption, ...] = (
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
        "conditions in expressions",
        "a ? b : c is c.where(a, b): c stands where only b is masked, and a pixel is masked where a or c is",
        "inferred",
        "algorithms.image_text:parse_expression",
        ("Image.parseExpression",),
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
)
