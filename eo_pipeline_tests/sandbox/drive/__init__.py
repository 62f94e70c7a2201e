"""Drive v3 of the sandbox, as its real client and plain HTTP use it."""
