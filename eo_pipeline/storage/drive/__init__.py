"""Google Drive: finding, downloading and deleting what Earth Engine exported there.

Rooms, from the bottom: `refusals` (errors in our words), `files` (one file as listed), `requests` (Google's client),
`folder` (what is done with them). What does not belong here: exporting.
"""

from eo_pipeline.storage.drive.files import DriveFile
from eo_pipeline.storage.drive.folder import DriveFolder, open_drive

__all__ = ["DriveFile", "DriveFolder", "open_drive"]
