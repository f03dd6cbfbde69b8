"""What units of networks that learned nothing score: the pool that a unit's score is ranked in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from limpid.backprop import forward
from limpid.engines.reference import quietly
from limpid.initializers import initial_parameters, natural_initializer
from limpid.inspection.subject import Floats, Subject
from limpid.memory import cores
from limpid.network import Dense, Network

FEWEST = 20
"""Units in the pool for each share alpha of mistakes."""
UNITS_AT_ONCE = 1024
"""That are sorted together."""

Bools = NDArray[np.bool_]


def aurocs(a: NDArray[Any], present: Bools) -> Floats:
    """(units, concepts) how likely a row with a concept excites a unit more than one without it (Mann, Whitney 1947).

    `a` (rows, units) are activations, `present` (rows, concepts). Pairs of equal activations count half. Each unit is
    sorted once for all concepts.
    """
    order, ranks = _ranked(np.ascontiguousarray(a.T))
    kinds, of = np.unique(present, axis=0, return_inverse=True)
    places = of.ravel()[order] + len(kinds) * np.arange(len(order))[:, None]
    sums = np.bincount(places.ravel(), ranks.ravel(), len(kinds) * len(order)).reshape(len(order), -1) @ kinds
    have = present.sum(axis=0)
    return np.asarray((sums - have * (have + 1) / 2) / (have * (len(a) - have)))


def _ranked(each: NDArray[Any]) -> tuple[NDArray[np.int64], Floats]:
    """For `each` unit's activations (units, rows) their ascending order, and in that order the ranks from 1.

    Equal ones share their mean rank.
    """
    if each.dtype == np.float32:
        # sorted as whole numbers with the row behind: several times quicker than argsort
        bits = (each + np.float32(0)).view(np.int32)  # + 0: -0 is 0
        ascending = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64)
        both = np.sort((ascending << 32) | np.arange(each.shape[1]), axis=1)
        order, values = both & 0xFFFFFFFF, both >> 32
    else:
        order = np.argsort(each, axis=1)
        values = np.take_along_axis(each, order, axis=1)
    place = np.arange(each.shape[1])
    # of most units only the least activation, relu's 0, is there more than once
    equal = (values == values[:, :1]).sum(axis=1)[:, None]
    ranks = np.where(place < equal, (equal + 1) / 2, place + 1.0)
    others = (values[:, 1:] == values[:, :-1]).sum(axis=1) > equal[:, 0] - 1
    if others.any():
        ranks[others] = rankdata(values[others], axis=1)
    return order, ranks


def pooled(
    subject: Subject,
    layer: int,
    sets: list[tuple[Floats, Bools]],
    tests: int,
    alpha: float,
    random: np.random.Generator,
) -> Floats:
    """(units of the pool, concepts) the scores that units of random-weight networks have, for the concepts of all sets.

    `sets` are rows (rows, inputs) as the network sees them, and what is present in which of them (rows, concepts). The
    networks are drawn as the model's own was; there are enough for the Benjamini-Hochberg correction over so many
    `tests`.
    """
    units = subject.network.layers[layer - 1].units
    networks = ceil(max(FEWEST / alpha, tests / alpha) / units)
    each = max(1, UNITS_AT_ONCE // units)
    counts = [min(each, networks - done) for done in range(0, networks, each)]
    seeds = random.integers(2**63, size=len(counts)).tolist()
    rows = [(x.astype(np.float32), present) for x, present in sets]

    def scores(count: int, seed: int) -> Floats:
        every = zip(*_random_activations(subject, layer, [x for x, _ in rows], count, seed), strict=True)
        found = [aurocs(np.concatenate(a, axis=1), present) for a, (_, present) in zip(every, rows, strict=True)]
        return np.concatenate(found, axis=1)

    # products as small as these are computed side by side: cores that share one wait for each other
    with quietly(1), ThreadPoolExecutor(subject.given.threads or cores()) as pool:
        return np.concatenate(list(pool.map(scores, counts, seeds)))


def _random_activations(
    subject: Subject, layer: int, sets: list[NDArray[np.float32]], networks: int, seed: int
) -> Iterator[list[NDArray[np.float32]]]:
    """For each random network its activations (rows, units) at `layer`, for each of the sets (rows, inputs)."""
    network, random = _up_to(subject.network, layer), np.random.default_rng(seed)
    # a layer that is normalised over batches begins with no statistics: the rows' own are what training would see
    shares = [np.full((len(x), 1), 1 / len(x), np.float32) if network.over_batch else None for x in sets]
    for _ in range(networks):
        parameters = initial_parameters(network, _initial_weights(subject), random, np.float32)
        with np.errstate(all="ignore"):  # a network may blow up: its neurons then tell nothing
            traces = [forward(network, parameters, x, shares=own) for x, own in zip(sets, shares, strict=True)]
        yield [trace.a[layer] for trace in traces]


def _up_to(network: Network, layer: int) -> Network:
    """The layers that are looked at, and the least one that makes a network of them."""
    return replace(network, layers=(*network.layers[:layer], Dense(1, "identity")), cost="squared_error")


def _initial_weights(subject: Subject) -> str:
    """The name of the draw that the model's own start came from, the natural one where none is known.

    Zeros, which are all alike, tell nothing of chance.
    """
    recipe = subject.given.origin.recipe
    name = recipe.get("initial_weights", "scikit_learn" if "solver" in recipe else None)
    return natural_initializer(subject.network.hidden[0].activation) if name in {None, "zeros"} else str(name)
