"""`hidden_layer_sizes="auto"`: the search for hidden layers by an estimator's own parameters."""

from functools import cache
from math import ceil
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from limpid.capacity import Search, Tried
from limpid.engines import Coded, Examples, State, find_engine
from limpid.estimators.choices import thread_count
from limpid.estimators.descent import training_of
from limpid.estimators.rows import as_precise, split
from limpid.initializers import initial_parameters
from limpid.training import Validation

SEEDS = ((1_000, 5), (10_000, 3))
"""With fewer rows than the first number so many seeds of each size are tried, each with a split of its own."""
FEWEST_SEEDS = 2
FEWEST_WATCHED = 2
PATIENCE = 40
"""Passes that may be no better, where the estimator has not more: a loss on few rows wavers."""


def search(of: Any, examples: Examples, watched: Examples | None) -> Search:
    """Try all sizes on `examples`, of which a part is split off for each seed where no `watched` rows are given."""
    engine = find_engine(of.engine, thread_count(of.n_jobs))
    examples, watched = _single(examples), watched and _single(watched)
    random = check_random_state(of.random_state)
    rows = len(examples.Y)

    @cache
    def parts(seed: int) -> tuple[Examples, Examples, int]:
        drawn = int(random.randint(2**31)) + seed
        train, unseen = (examples, watched) if watched else _split(of, examples, np.random.RandomState(drawn))
        if isinstance(train.X, np.ndarray | Coded):
            train = train._replace(X=engine.shared(train.X, train.Y.dtype))
        return train, unseen, drawn

    def make(hidden: tuple[int, ...], seed: int) -> Tried:
        train, unseen, drawn = parts(seed)
        own = np.random.RandomState(drawn)
        network = of._network(examples.X.shape[1], hidden, examples.Y.shape[1])
        start = State(initial_parameters(network, "scikit_learn", own, examples.Y.dtype), {}, 0)
        score = of._score_outputs
        validation = Validation(unseen, lambda outputs, y: score(outputs, y, unseen.weights))
        training = training_of(
            of, network, start, train, validation, own, passes=of.max_iter, monitor="loss", patience=PATIENCE
        )
        return Tried(hidden, seed, training, unseen)

    seeds = next((seeds for below, seeds in SEEDS if rows < below), FEWEST_SEEDS)
    found = Search(make, engine, passes=of.max_iter, seeds=seeds)
    for _ in found:
        pass
    return found


def _single(examples: Examples) -> Examples:
    """In float32, which is quicker and as good to compare by."""
    X = as_precise(examples.X, np.float32) if examples.X.dtype == np.float64 else examples.X
    weights = None if examples.weights is None else examples.weights.astype(np.float32)
    return Examples(X, examples.Y.astype(np.float32), weights)


def _split(of: Any, examples: Examples, random: np.random.RandomState) -> list[Examples]:
    """The rows to learn from and those to watch, each class in proportion where there are enough; few are in both."""
    rows = len(examples.Y)
    watched = max(FEWEST_WATCHED, ceil(of.validation_fraction * rows))
    if rows < 2 * FEWEST_WATCHED:
        return [examples, examples]
    codes = None
    if of._task() == "classification":
        Y = examples.Y
        codes = Y[:, 0] if Y.shape[1] == 1 else Y.argmax(axis=1)
        counts = np.unique(codes, return_counts=True)[1]
        codes = codes if counts.min() >= 2 and len(counts) <= min(watched, rows - watched) else None
    return split(examples, watched, random, codes)
