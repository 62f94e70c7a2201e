"""In what a cube is stored.

What does not belong here: how (`storage.cubes`).
"""

from typing import Literal

StoreKind = Literal["icechunk", "zarr"]
"""An Icechunk repository, which has transactions and versions; or plain Zarr of format 3, which has neither."""
