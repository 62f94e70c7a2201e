"""Google Drive: finding, downloading and deleting what Earth Engine exported there."""

from eo_pipeline.storage.drive.folder import DriveFile, DriveFolder, open_drive

__all__ = ["DriveFile", "DriveFolder", "open_drive"]
