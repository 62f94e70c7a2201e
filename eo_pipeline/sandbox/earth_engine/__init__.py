"""Earth Engine's requests and answers, except tasks. What does not belong here: evaluating (`graph`, `algorithms`)."""
