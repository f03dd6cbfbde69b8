"""What units of networks that learned nothing score: the pool that a unit's score is ranked in."""

from collections.abc import Iterator
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
from limpid.network import Dense, Network

FEWEST = 20
"""Units in the pool for each share alpha of mistakes."""
UNITS_AT_ONCE = 4096
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
    found, waiting = [], []
    with quietly(1):  # more cores wait for each other over products as small as these
        every = _random_activations(subject, layer, [x for x, _ in sets], networks, random)
        for number, activations in enumerate(every):
            waiting.append(activations)
            if len(waiting) * units >= UNITS_AT_ONCE or number + 1 == networks:
                together = (np.concatenate(some, axis=1) for some in zip(*waiting, strict=True))
                scores = [aurocs(a, present) for a, (_, present) in zip(together, sets, strict=True)]
                found.append(np.concatenate(scores, axis=1))
                waiting = []
    return np.concatenate(found)


def _random_activations(
    subject: Subject, layer: int, sets: list[Floats], networks: int, random: np.random.Generator
) -> Iterator[list[NDArray[np.float32]]]:
    """For each random network its activations (rows, units) at `layer`, for each of the sets (rows, inputs)."""
    network = _up_to(subject.network, layer)
    rows = [x.astype(np.float32) for x in sets]
    # a layer that is normalised over batches begins with no statistics: the rows' own are what training would see
    shares = [np.full((len(x), 1), 1 / len(x), np.float32) if network.over_batch else None for x in rows]
    for _ in range(networks):
        parameters = initial_parameters(network, _initial_weights(subject), random, np.float32)
        traces = (forward(network, parameters, x, shares=own) for x, own in zip(rows, shares, strict=True))
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
