"""Arrays of records that grow. Does not belong here: what the records are."""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel


@kernel
def grown[Number: (np.int64, np.float64)](records: NDArray[Number], needed: int) -> NDArray[Number]:
    """A copy of (field, record) with room for at least `needed` records, and for twice as many as before."""
    wider = np.empty((records.shape[0], max(needed, 2 * records.shape[1])), records.dtype)
    wider[:, : records.shape[1]] = records
    return wider
