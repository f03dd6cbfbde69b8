"""Dropout masks by counter: what (seed, step, layer, row, unit) decides, every engine and thread draws the same.

Philox 4x64-10 (Salmon et al. 2011) gives 32 bits to each place of a layer's (rows, units) array, counted row by row.
"""

import numpy as np
from numpy.typing import NDArray


def dropout_mask(rate: float, seed: int, step: int, layer: int, rows: int, units: int) -> NDArray[np.float64]:
    """What to multiply a layer's activations with, (rows, units): 0 for a dropped unit, else 1 / (1 - rate).

    `rate` in [0, 1) is the share dropped, `step` counts batches from 0, `layer` hidden layers from 1; a row is
    known by its place in the batch (Srivastava et al. 2014, with the scaling done while training).
    """
    # place i = row * units + unit is 32-bit word i % 8 of block 1 + i // 8: NumPy counts up before its first block
    source = np.random.Philox(key=seed, counter=[0, 0, layer, step])
    words = source.random_raw((rows * units + 1) // 2)
    bits = words.astype("<u8").view("<u4")[: rows * units].reshape(rows, units)
    return np.where(bits >= round(rate * 2**32), 1 / (1 - rate), 0.0)
