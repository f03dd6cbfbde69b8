"""limpid: its engines, one call an epoch; answers through `Model.predict_proba`."""

import os

import numpy as np
from numpy.typing import NDArray

from benchmarks.workload import Contender, Learner, Predict, Workload
from limpid.encoder import Scaling
from limpid.engines import Descent, Engine, Examples, State, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.model import Model
from limpid.network import Network, dense_network
from limpid.optimizers import Optimizer, find_optimizer


def on(engine: str = "native", level: str = "", bfloat16: bool = False) -> Contender:
    """limpid on `engine`, at the SIMD level called `level` or the best; with factors of products in `bfloat16`."""

    def begin(work: Workload, cores: int) -> Learner:
        X = work.X if engine == "native" else work.dense()
        runner = _Runner(find_engine(engine, cores), work, Examples(X, work.Y), level, cores, bfloat16)
        return Learner(runner.start, runner.descend, runner.predictor)

    return begin


class _Runner:
    """One network on its way down."""

    def __init__(
        self, engine: Engine, work: Workload, examples: Examples, level: str, cores: int, bfloat16: bool
    ) -> None:
        self.engine, self.examples, self.level, self.cores = engine, examples, level, cores
        self.network = _network(work)
        self.rule = StepRule(_optimizer(work), work.batch_size, label_smoothing=work.label_smoothing, bfloat16=bfloat16)

    def start(self, seed: int) -> None:
        parameters = initial_parameters(self.network, "he", np.random.default_rng(seed), np.float32)
        state = State(parameters, self.rule.optimizer.init(parameters), 0)
        os.environ["LIMPID_SIMD"] = self.level  # read when the descent begins
        self.descent: Descent = self.engine.begin(self.network, state, self.examples, self.rule)
        os.environ["LIMPID_SIMD"] = ""

    def descend(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        self.descent.train(order, rates)

    def predictor(self) -> Predict:
        network, parameters = self.network, self.descent.state().parameters
        scalings = Scaling.none(network.inputs), Scaling.none(network.outputs)
        classes = np.arange(network.outputs)
        return Model(network, parameters, "classification", *scalings, classes, threads=self.cores).predict_proba


def _network(work: Workload) -> Network:
    return dense_network(work.widths[0], work.hidden, work.widths[-1], work.activation, work.output, work.cost)


def _optimizer(work: Workload) -> Optimizer:
    optimizer = find_optimizer(work.optimizer)
    if work.optimizer == "gradient_descent":
        return optimizer
    return type(optimizer)(**{**vars(optimizer), "beta_2": work.beta_2})
