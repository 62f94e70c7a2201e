"""Earth Engine's functions, one family a file. What does not belong here: how an expression is walked."""
