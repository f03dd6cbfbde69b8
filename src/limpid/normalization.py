"""Normalisation: a layer's sums brought to mean 0 and variance 1, then to a scale gamma and a place beta, both learned.

n_hat = (sums - mean) / sqrt(variance + 1e-5), z = n_hat gamma + beta. The two kinds differ in what the mean and the
variance are taken over, and so in the way back through them.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple, final

from array_api_compat import array_namespace

from limpid.activations import Array
from limpid.errors import choose

EPSILON = 1e-5
"""Added to a variance, so that sums which are all the same become 0."""
KEPT = 0.9
"""The share of the running statistics that stays at each step; the rest is the batch's."""


class Statistics(NamedTuple):
    """By what sums are normalised: numbers that broadcast to (rows, units)."""

    mean: Array
    variance: Array

    @property
    def deviation(self) -> Array:
        """sqrt(variance + 1e-5)."""
        return array_namespace(self.variance).sqrt(self.variance + EPSILON)


class Normalized(NamedTuple):
    """What became of a layer's sums on the way forward; the way back needs it."""

    n_hat: Array
    """(rows, units)."""
    statistics: Statistics
    shares: Array | None
    """(rows, 1): each row's weight in a batch's own statistics; None where they are a row's own or running ones."""


class Normalization(ABC):
    """A way to normalise the sums (rows, units) of a layer."""

    name: ClassVar[str]
    arrays: ClassVar[tuple[str, ...]] = ("gamma", "beta")
    """The kinds of array of shape (units,) that a layer owns for it."""

    @abstractmethod
    def statistics(self, sums: Array, running: Statistics | None, shares: Array | None) -> Statistics:
        """Mean and variance of `sums`; `shares` (rows, 1) are given in a training step."""

    @abstractmethod
    def backward(self, blame: Array, normalized: Normalized) -> Array:
        """dC/d(sums) from `blame` = dC/dn_hat, both (rows, units).

        Of what is normalised at rest the Jacobian is symmetric: this is also how n_hat moves when the sums do.
        """

    @abstractmethod
    def backward_along(self, blame: Array, blame_dot: Array, sums_dot: Array, normalized: Normalized) -> Array:
        """How `backward` moves when the blame moves by `blame_dot` and the sums by `sums_dot`, at rest."""

    @final
    def forward(self, sums: Array, running: Statistics | None, shares: Array | None) -> Normalized:
        """n_hat, and what it was made by."""
        found = self.statistics(sums, running, shares)
        return Normalized((sums - found.mean) / found.deviation, found, None if running is None else shares)


@final
class OverBatch(Normalization):
    """Each neuron over the rows of a batch, by their weights; outside training by what was met in training before.

    (Ioffe, Szegedy 2015.)
    """

    name = "batch"
    arrays = ("gamma", "beta", "mean", "variance")

    def statistics(self, sums: Array, running: Statistics | None, shares: Array | None) -> Statistics:
        if shares is None:
            assert running is not None
            return running
        xp = array_namespace(sums)
        mean = xp.sum(shares * sums, axis=0)
        return Statistics(mean, xp.sum(shares * (sums - mean) ** 2, axis=0))

    def backward(self, blame: Array, normalized: Normalized) -> Array:
        n_hat, statistics, shares = normalized
        if shares is None:
            return blame / statistics.deviation
        # a row moves the batch's mean and variance by its share, and with them every row's n_hat
        xp = array_namespace(blame)
        through_mean, through_variance = xp.sum(blame, axis=0), n_hat * xp.sum(blame * n_hat, axis=0)
        return (blame - shares * (through_mean + through_variance)) / statistics.deviation

    def backward_along(self, blame: Array, blame_dot: Array, sums_dot: Array, normalized: Normalized) -> Array:
        return self.backward(blame_dot, normalized)


@final
class OverLayer(Normalization):
    """Each row over the neurons of the layer (Ba, Kiros, Hinton 2016)."""

    name = "layer"

    def statistics(self, sums: Array, running: Statistics | None, shares: Array | None) -> Statistics:
        xp = array_namespace(sums)
        mean = xp.mean(sums, axis=1, keepdims=True)
        return Statistics(mean, xp.mean((sums - mean) ** 2, axis=1, keepdims=True))

    def backward(self, blame: Array, normalized: Normalized) -> Array:
        xp, n_hat = array_namespace(blame), normalized.n_hat
        through_mean = xp.mean(blame, axis=1, keepdims=True)
        through_variance = n_hat * xp.mean(blame * n_hat, axis=1, keepdims=True)
        return (blame - through_mean - through_variance) / normalized.statistics.deviation

    def backward_along(self, blame: Array, blame_dot: Array, sums_dot: Array, normalized: Normalized) -> Array:
        xp, n_hat = array_namespace(blame), normalized.n_hat
        n_dot = self.backward(sums_dot, normalized)
        deviation_dot = xp.mean(n_hat * sums_dot, axis=1, keepdims=True)
        through = n_dot * xp.mean(blame * n_hat, axis=1, keepdims=True)
        through = through + n_hat * xp.mean(blame * n_dot, axis=1, keepdims=True)
        through = through + self.backward(blame, normalized) * deviation_dot
        return self.backward(blame_dot, normalized) - through / normalized.statistics.deviation


NORMALIZATIONS: dict[str, Normalization] = {each.name: each for each in (OverBatch(), OverLayer())}
"""Every normalisation by name: the one table that networks, engines and tests walk."""


def find_normalization(name: str) -> Normalization:
    """The normalisation called `name`; `LimpidError` names the nearest where there is none."""
    return choose("normalization", name, NORMALIZATIONS)
