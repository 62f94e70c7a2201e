"""Many verified downloads at once from a bucket, in the background of a plain iterator.

Rooms, from the bottom: `values` (what is fetched), `patience` (when to try again), `tokens`
(credentials), `part_files` (unfinished files and what they hold already), `media` (one range of bytes, whatever the
connection does), `objects` (one object: its pieces, its checksum, its name), `background` (an event loop beside a
plain iterator) and `downloads` (all of them). What does not belong here: listing and writing (`storage.objects`).
"""

from eo_pipeline.storage.transfer.downloads import downloads
from eo_pipeline.storage.transfer.media import Remote
from eo_pipeline.storage.transfer.patience import Patience
from eo_pipeline.storage.transfer.values import Limits, StoredObject

__all__ = ["Limits", "Patience", "Remote", "StoredObject", "downloads"]
