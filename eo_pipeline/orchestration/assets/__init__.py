"""One factory of assets a file: partition -> step -> metadata."""
