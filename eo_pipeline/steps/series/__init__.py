"""Region series: what is reduced inside Earth Engine, and its tables."""
