"""Points that are sampled: which area each belongs to, which are asked for together, the columns of their table."""
