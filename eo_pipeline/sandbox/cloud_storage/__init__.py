"""Cloud Storage over HTTP: the JSON and XML APIs on objects that live on disk.

Belongs here: buckets, objects, uploads, credentials, and the two wire formats. Does not: faults, the journal and the
application that mounts `routes.routes(store, settings)` (they serve Earth Engine as well).
"""
