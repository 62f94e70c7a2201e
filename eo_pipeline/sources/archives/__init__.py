"""Archives of NetCDF, GRIB and GeoTIFF files as scenes of time: `ArchiveSource`.

What does not belong here: reading pixels (`storage.scenes`), and aligned tiles (`sources.aligned_tiles`).
"""

from eo_pipeline.sources.archives.source import ArchiveSource

__all__ = ["ArchiveSource"]
