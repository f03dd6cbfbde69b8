"""Small trainings, the same on every engine."""

from typing import Any

import numpy as np
import pytest

from limpid.engines import ENGINES, Examples, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import Network, dense_network
from limpid.optimizers import find_optimizer
from limpid.stochastic import shuffled
from limpid.training import Descending, Training

ENGINE = find_engine("reference")
NETWORK = dense_network(4, [8], 3, "tanh")


@pytest.fixture(autouse=True, params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training is the same thing on every engine."""
    monkeypatch.setattr("tests.trainings.ENGINE", find_engine(request.param))


def examples(rows: int = 60, seed: int = 1) -> Examples:
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 4))
    return Examples(X, np.eye(3)[(X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)])


def make(
    optimizer: str = "adam",
    rate: float = 0.01,
    rule: dict[str, Any] | None = None,
    given: Examples | None = None,
    schedule: Any = None,
    network: Network = NETWORK,
    **options: Any,
) -> Training:
    given = given or examples()
    random = np.random.default_rng(0)
    start = initial_parameters(network, "glorot_uniform", random)
    method = Descending(shuffled(random, len(given.X)), rate, *([schedule] if schedule else []))
    return Training(
        network,
        start,
        given,
        StepRule(find_optimizer(optimizer), **{"batch_size": 10, **(rule or {})}),
        options.pop("method", method),
        engine=ENGINE,
        **{"epochs": 5, **options},
    )


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float((outputs.argmax(1) == targets.argmax(1)).mean())
