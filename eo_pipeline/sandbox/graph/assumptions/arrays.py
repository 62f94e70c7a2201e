"""What is assumed about arrays, as values and in pixels. What does not belong here: lists."""

from eo_pipeline.sandbox.graph.assumptions.assumption import Assumption

ARRAYS: tuple[Assumption, ...] = (
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
)
