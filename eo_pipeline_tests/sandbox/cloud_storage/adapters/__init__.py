"""Adapters of five client libraries to the contract of Cloud Storage, by name.

What belongs here: a file a library. What does not: checks, and servers.
"""

from eo_pipeline_tests.contracts.object_client import ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters.gcsfs_client import GcsfsClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters.gdal_client import GdalClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters.google_client import GoogleClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters.icechunk_client import IcechunkClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters.obstore_client import ObstoreClient

CLIENTS: tuple[type[ObjectClient], ...] = (GoogleClient, GcsfsClient, ObstoreClient, GdalClient, IcechunkClient)
"""Every client of the contract, in the order of the documentation."""
