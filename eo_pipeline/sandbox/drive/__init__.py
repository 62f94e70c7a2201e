"""Google Drive v3 over HTTP on files that live on disk.

Belongs here: files and folders of people's drives, queries, uploads, downloads, and the API's words. Does not: who a
token speaks for (`cloud_storage.tokens`), faults, exports.
"""
