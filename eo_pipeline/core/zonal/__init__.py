"""Statistics of zones: shapes on a grid, sums of their pixels, and what becomes of them."""
