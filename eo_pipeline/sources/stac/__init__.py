"""STAC archives: APIs and static catalogues. What does not belong here: reading pixels (`storage.scenes`)."""
