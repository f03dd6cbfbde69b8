"""Where a network's learning began: kept, or drawn again."""

import numpy as np

from limpid.errors import LimpidError
from limpid.initializers import initial_parameters
from limpid.inspection.subject import Subject
from limpid.network import Parameters


def start_of(subject: Subject) -> Parameters:
    """The parameters before the first step, in float64.

    The first of the model's path, where that was kept; else drawn again from the seed of its recipe, to the same bits.
    Errors: `LimpidError` where neither is known.
    """
    model = subject.given
    if model.path:
        return {name: np.asarray(array, np.float64) for name, array in model.path[0].items()}
    recipe = model.origin.recipe
    if not isinstance(recipe.get("initial_weights"), str) or "seed" not in recipe:
        raise LimpidError("it is not known where the model's learning began: learn it with keep_path=True")
    random = np.random.default_rng(recipe["seed"])
    drawn = initial_parameters(model.network, recipe["initial_weights"], random, model.dtype)
    return {name: array.astype(np.float64) for name, array in drawn.items()}
