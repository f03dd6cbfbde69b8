"""Networks that meet new columns and new classes: what they answered to the old ones stays, bit by bit.

A new input's weights start at 0, and so do a new class's, with its logit. A single sigmoid output z for two classes
becomes the logits (0, z) of a softmax, which give the same probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _get_feature_names

from limpid.engines import State
from limpid.network import Network, Parameters

Rows = NDArray[Any]


def old_columns_first(estimator: Any, X: Any) -> Any:
    """X with the columns that the estimator knows in their order, and new ones behind them.

    Errors: `ValueError` where a known one is missing.
    """
    known, given = getattr(estimator, "feature_names_in_", None), _get_feature_names(X)
    if known is not None and given is None:
        raise ValueError(f"X must name its columns, as in earlier calls of {type(estimator).__name__}")
    if known is None or given is None:
        columns = np.shape(X)[1] if np.ndim(X) == 2 else 0
        if 0 < columns < estimator.n_features_in_:
            raise ValueError(
                f"X has {columns} features, but {type(estimator).__name__} is expecting {estimator.n_features_in_} "
                "features as input, or more to grow by."
            )
        return X
    if missing := [name for name in known if name not in set(given)]:
        raise ValueError(f"X lacks columns that {type(estimator).__name__} knows: {', '.join(missing)}")
    names = [*known, *(name for name in given if name not in set(known))]
    return X[names] if hasattr(X, "iloc") else X.select(names)


def grow(network: Network, state: State, wanted: Network, sources: Sequence[int | None]) -> tuple[Network, State]:
    """The network with the inputs, output layer and cost of `wanted`, and where its descent goes on.

    `sources` names for each output the one that it was before, None for a new one or a logit that was always 0.
    """
    layers = (*network.layers[:-1], wanted.layers[-1])
    last = len(layers)
    shapes: dict[str, Callable[[Rows], Rows]] = {
        "W1": lambda W: _with_rows(W, wanted.inputs),
        f"b{last}": lambda b: _columns(b[None, :], sources)[0],
    }
    if last == 1:
        shapes["W1"] = lambda W: _columns(_with_rows(W, wanted.inputs), sources)
    else:
        shapes[f"W{last}"] = lambda W: _columns(W, sources)

    def larger(arrays: Parameters) -> Parameters:
        return {name: shapes[name](array) if name in shapes else array for name, array in arrays.items()}

    slots = {slot: larger(arrays) for slot, arrays in state.slots.items()}
    grown = replace(network, inputs=wanted.inputs, layers=layers, cost=wanted.cost)
    return grown, State(larger(state.parameters), slots, state.step)


def _with_rows(W: Rows, rows: int) -> Rows:
    return np.concatenate([W, np.zeros((rows - len(W), W.shape[1]), W.dtype)])


def _columns(W: Rows, sources: Sequence[int | None]) -> Rows:
    made = np.zeros((len(W), len(sources)), W.dtype)
    for at, source in enumerate(sources):
        if source is not None:
            made[:, at] = W[:, source]
    return made
