"""Draws that a training did not make: what is drawn at random must have nothing to do with where a model began."""

import numpy as np

from limpid.inspection.arguments import draws_from


def source_of(random: int | np.random.Generator | np.random.RandomState) -> np.random.Generator:
    """A source by the seed or source `random`.

    A training with the same seed draws other numbers: from the seed itself come the very weights that it began with.
    """
    return np.random.default_rng(draws_from(random).integers(2**63))
