"""Where a product's files lie: one local folder or one `gs://` folder, with the same calls.

What does not belong here: formats, and what the files are called (`orchestration.io_managers`).
"""

from eo_pipeline.storage.places.opening import cube_address, open_place
from eo_pipeline.storage.places.place import Place

__all__ = ["Place", "cube_address", "open_place"]
