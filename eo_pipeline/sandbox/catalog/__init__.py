"""Where the sandbox's assets come from: the protocol, its combination, local rasters. Not here: invented pixels."""
