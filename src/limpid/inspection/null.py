"""What units of networks that learned nothing score: the pool that a unit's score is ranked in."""

from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from limpid.backprop import forward
from limpid.engines.reference import quietly
from limpid.initializers import initial_parameters
from limpid.inspection.subject import Floats, Subject
from limpid.network import Network

FEWEST = 20
"""Units in the pool for each share alpha of mistakes."""
UNITS_AT_ONCE = 4096


def ranks(a: NDArray[np.floating]) -> Floats:
    """(rows, units) the rank of each activation among those of its unit, from 1; equal ones share theirs."""
    each = np.ascontiguousarray(a.T)
    order = np.argsort(each, axis=1)
    found = np.empty(each.shape)
    np.put_along_axis(found, order, np.arange(1.0, len(a) + 1), axis=1)
    # of most units only the least activation, relu's 0, is there more than once
    least = each == each.min(axis=1, keepdims=True)
    equal = least.sum(axis=1)
    found = np.where(least, (equal[:, None] + 1) / 2, found)
    others = (np.diff(np.take_along_axis(each, order, axis=1), axis=1) == 0).sum(axis=1) > equal - 1
    if others.any():
        found[others] = rankdata(each[others], axis=1)
    return found.T


def auroc(ranked: Floats, present: NDArray[np.bool_]) -> Floats:
    """(units,) how likely a row with the concept excites a unit more than one without it (Mann, Whitney 1947)."""
    have, lack = int(present.sum()), int((~present).sum())
    return np.asarray((ranked[present].sum(axis=0) - have * (have + 1) / 2) / (have * lack))


def pooled(
    subject: Subject,
    layer: int,
    sets: list[tuple[Floats, list[NDArray[np.bool_]]]],
    tests: int,
    alpha: float,
    random: np.random.Generator,
) -> list[Floats]:
    """(units of the pool,) the scores that units of random-weight networks have, for each concept of each of the sets.

    `sets` are rows (rows, inputs) and what is present in which of them. The networks are drawn as the model's own was;
    there are enough for the Benjamini-Hochberg correction over so many `tests`.
    """
    units = subject.network.layers[layer - 1].units
    networks = ceil(max(FEWEST / alpha, tests / alpha) / units)
    drawn_as = subject.given.origin.recipe.get("initial_weights")
    initial = drawn_as if isinstance(drawn_as, str) else "glorot_uniform"
    # a last layer is needed to be a network; it is not looked at
    body = replace(subject.network.linear, layers=subject.network.linear.layers[:layer])
    found: list[list[Floats]] = [[] for _, every in sets for _ in every]
    rows = [x.astype(np.float32) for x, _ in sets]
    waiting: list[list[NDArray[np.float32]]] = [[] for _ in sets]
    for number in range(networks):
        parameters = initial_parameters(body, initial, random, np.float32)
        with quietly(1):  # more cores wait for each other over products as small as these
            for at, x in enumerate(rows):
                waiting[at].append(_activations(body, parameters, x))
        if len(waiting[0]) * units >= UNITS_AT_ONCE or number + 1 == networks:
            slots = iter(found)
            for (_, every), some in zip(sets, waiting, strict=True):
                ranked = ranks(np.concatenate(some, axis=1))
                for present in every:
                    next(slots).append(auroc(ranked, present))
            waiting = [[] for _ in sets]
    return [np.concatenate(scores) for scores in found]


def _activations(
    network: Network, parameters: dict[str, NDArray[np.float32]], x: NDArray[np.float32]
) -> NDArray[np.float32]:

    return np.asarray(forward(network, parameters, x).a[-1])
