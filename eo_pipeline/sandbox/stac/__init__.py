"""A STAC API, a static catalogue and cloud-optimised GeoTIFFs over the same scenes as Earth Engine's, as Earth Search has them."""
