"""scikit-learn: `partial_fit`, an epoch a call, in an order and at a constant rate of its own.

Its classifiers have cross-entropy costs only: for sigmoid outputs that takes the place of squared error. It takes dense
rows where they fit into memory, being quicker with those, and CSR else.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.workload import Learner, Predict, Workload


def scikit_learn(work: Workload, cores: int) -> Learner:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore")  # that a few epochs have not converged
    X = work.dense() if work.fits_dense else work.X
    Y: Any = {"softmax": work.codes, "sigmoid": work.Y.astype(np.int64), "identity": work.Y}[work.output]
    regression = work.output == "identity"
    known = {} if regression else {"classes": np.arange(work.widths[-1])}
    network: Any = None

    def start(seed: int) -> None:
        nonlocal network
        network = (MLPRegressor if regression else MLPClassifier)(**_choices(work), random_state=seed)
        if work.job == "a call":
            network.partial_fit(X[:1000], Y[:1000], **known)

    def descend(order: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        network.partial_fit(X, Y, **known)

    def predictor() -> Predict:
        found: Predict = network.predict if regression else network.predict_proba
        return found

    return Learner(start, descend, predictor)


def _choices(work: Workload) -> dict[str, Any]:
    plain = {"solver": "sgd", "momentum": 0.0}
    return {
        "hidden_layer_sizes": work.hidden,
        "activation": {"sigmoid": "logistic"}.get(work.activation, work.activation),
        "alpha": 0,
        "batch_size": work.batch_size,
        "learning_rate_init": work.rate,
        **(plain if work.optimizer == "gradient_descent" else {"solver": "adam", "beta_2": work.beta_2}),
    }
