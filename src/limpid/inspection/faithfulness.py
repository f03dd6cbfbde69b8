"""Is blame true? What it predicts of a neuron's removal, against what removing the neuron really does."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import Trace, back_to_first, normalize
from limpid.displays import BLUE, GREEN, ORANGE
from limpid.engines import Examples, find_engine
from limpid.errors import LimpidError
from limpid.initializers import initial_parameters, natural_initializer
from limpid.inspection.draws import source_of
from limpid.inspection.result import Result
from limpid.inspection.scoring import means_drawn_again, middle
from limpid.inspection.subject import Floats, Subject

STEPS = 10
"""Points of a deletion curve."""
ORDERS = 20
"""Random ones."""
NETWORKS = 10
"""Of random weights."""
REPLACEMENTS = ("mean", "zero")


@dataclass
class Faithfulness(Result):
    """How well blame predicts what becomes of the cost where a hidden neuron is replaced."""

    replacement: str
    """What activations were replaced by: their "mean" over the rows, or "zero"."""
    predicted: Floats
    """(rows, hidden neurons) (replacement - a) dC/da, C each row's cost."""
    true: Floats
    """(rows, hidden neurons) by how much the row's cost really changed."""
    correlation: float
    """Spearman's rho of these two over all rows and neurons."""
    by_neuron: float
    """Spearman's rho of their means over the rows, over all neurons."""
    randomised: Floats
    """(networks,) Spearman's rho of what networks with weights drawn again predict: blame of no meaning."""
    curves: dict[str, Floats]
    """(steps + 1,) the mean cost as more and more neurons are replaced: those that "blame" names first, those with the
    largest "activation", or in "random" order."""
    gain: tuple[float, float, float]
    """By how much higher the curve of blame is than the random one on average, and its 95 % interval over rows."""
    over_activation: tuple[float, float, float]
    """The same against the curve by the largest activation."""

    @property
    def words(self) -> str:
        stead = "its mean" if self.replacement == "mean" else "zero"
        return (
            f"What blame predicts of replacing a neuron by {stead} goes with what happens by {self.correlation:.2f} of "
            f"1 over rows and neurons, {self.by_neuron:.2f} over neurons; what {NETWORKS} networks with random weights "
            f"predict by {self.randomised.mean():+.2f} on average. Replacing those first that blame names raises the "
            f"cost {_told(self.gain)} than a random order does, {_told(self.over_activation)} than the most active "
            f"first."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        steps = len(self.curves["blame"])
        return [
            {"replaced": at / (steps - 1), **{name: float(curve[at]) for name, curve in self.curves.items()}}
            for at in range(steps)
        ]

    def _draw(self, ax: Any) -> None:
        shares = np.linspace(0, 1, len(self.curves["blame"]))
        for (name, curve), colour in zip(self.curves.items(), (BLUE, GREEN, ORANGE), strict=True):
            ax.plot(shares, curve, color=colour, label={"random": "random order"}.get(name, f"by {name}"))
        ax.set(xlabel="share of hidden neurons replaced", ylabel="cost")
        ax.legend()


def faithfulness(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    replacement: str = "mean",
    random: int | np.random.Generator | np.random.RandomState = 0,
) -> Faithfulness:
    """Whether blame is true, by replacing each hidden neuron for each of the rows X with answers y.

    2,000 rows of MNIST at 784-128-64-10 take about 3 s on two cores. Errors: `LimpidError` for an unknown replacement,
    a network without hidden layers, or rows that do not fit.
    """
    subject, draws = Subject.of(model), source_of(random)
    if replacement not in REPLACEMENTS:
        raise LimpidError(f"the replacement must be one of {', '.join(REPLACEMENTS)}, got {replacement!r}")
    if not subject.hidden:
        raise LimpidError(f"a hidden layer is needed, {subject.network} has none")
    examples = subject.examples(X, y)
    trial = _Trial(subject, examples, subject.trace(examples.X), replacement)
    predicted, true = trial.predicted(), trial.true()
    ranked = _ranked(true)
    drawn = (_drawn_again(subject, draws) for _ in range(NETWORKS))
    meaningless = [
        _correlation(_ranked(_Trial(each, examples, each.trace(examples.X), replacement).predicted()), ranked)
        for each in drawn
    ]
    curves = {
        "blame": trial.curve(_ranks(-predicted)),
        "activation": trial.curve(_ranks(-np.abs(trial.hidden()))),
        "random": np.mean([trial.curve(_shuffled(predicted.shape, draws)) for _ in range(ORDERS)], axis=0),
    }
    areas = {name: curve.mean(axis=1) for name, curve in curves.items()}
    return Faithfulness(
        replacement,
        predicted,
        true,
        _correlation(_ranked(predicted), ranked),
        _correlation(_ranked(predicted.mean(axis=0)), _ranked(true.mean(axis=0))),
        np.array(meaningless),
        {name: curve.mean(axis=0) for name, curve in curves.items()},
        _interval(areas["blame"] - areas["random"], draws),
        _interval(areas["blame"] - areas["activation"], draws),
    )


@dataclass(frozen=True)
class _Trial:
    """A network, rows, and what its activations are replaced by."""

    subject: Subject
    examples: Examples
    trace: Trace
    replacement: str

    @cached_property
    def stead(self) -> list[Floats]:
        """(units,) of each layer, the inputs first."""
        return [a.mean(axis=0) if self.replacement == "mean" else np.zeros(a.shape[1]) for a in self.trace.a]

    @cached_property
    def rests(self) -> dict[int, Subject]:
        """What follows each hidden layer."""
        return {layer: self.subject.behind(layer) for layer in self.subject.hidden}

    def hidden(self) -> Floats:
        """(rows, hidden neurons) activations of all hidden layers side by side."""
        return np.concatenate([self.trace.a[layer] for layer in self.subject.hidden], axis=1)

    def predicted(self) -> Floats:
        """(rows, hidden neurons) (replacement - a) dC/da."""
        network, z, a = self.subject.network, self.trace.z, self.trace.a
        last = network.cost_function.delta(network.output, z[-1], a[-1], self.examples.Y)
        deltas = back_to_first(network, self.subject.parameters, self.trace, self.subject.depth, last)
        of_a = self.subject.of_activations(self.trace, deltas)
        return np.concatenate([(self.stead[at] - a[at]) * of_a[at] for at in self.subject.hidden], axis=1)

    def true(self) -> Floats:
        """(rows, hidden neurons) by how much each row's cost changes where one neuron is replaced.

        The next layer's sums change by that neuron's weights alone, times the change of a: nothing else is computed
        again of what comes before.
        """
        before, found = self._costs(self.trace.z[-1], self.trace.a[-1]), []
        for at in self.subject.hidden:
            a, W = self.trace.a[at], self.subject.parameters[f"W{at + 1}"]
            sums = a @ W + self.subject.parameters[f"b{at + 1}"]
            for unit, value in enumerate(self.stead[at]):
                moved = sums + (value - a[:, [unit]]) * W[unit]
                found.append(self._costs_of_sums(at + 1, moved) - before)
        return np.array(found).T

    def curve(self, ranks: NDArray[np.int64]) -> Floats:
        """(rows, steps + 1) each row's cost as more and more neurons are replaced, by `ranks` (rows, neurons)."""
        counts = np.linspace(0, ranks.shape[1], STEPS + 1).round()
        return np.array([self._replaced(ranks < count) for count in counts]).T

    def _replaced(self, which: NDArray[np.bool_]) -> Floats:
        """(rows,) the cost where these hidden neurons (rows, hidden neurons) are replaced, the first layer's first."""
        start, a, found = 0, self.trace.a[self.subject.hidden[0]], self.trace
        for layer in self.subject.hidden:
            units = a.shape[1]
            found = self._after(np.where(which[:, start : start + units], self.stead[layer], a), layer)
            a, start = found.a[1], start + units
        return self._costs(found.z[-1], found.a[-1])

    def _after(self, a: Floats, layer: int) -> Trace:
        """By the engine that the model was given with, in float64."""
        rest, given = self.rests[layer], self.subject.given
        return find_engine(given.engine, given.threads).trace(rest.network, rest.parameters, a)

    def _costs_of_sums(self, layer: int, sums: Floats) -> Floats:
        of = self.subject.network.layers[layer - 1]
        z, _ = normalize(of, self.subject.parameters, layer, sums)
        a = of.function.value(z)
        if layer < self.subject.depth:
            z, a = (each[-1] for each in self._after(a, layer)[:2])
        return self._costs(z, a)

    def _costs(self, z: Floats, a: Floats) -> Floats:
        network = self.subject.network
        return np.asarray(network.cost_function.terms_of(network.output, z, a, self.examples.Y).sum(axis=1))


def _drawn_again(subject: Subject, random: np.random.Generator) -> Subject:
    """The same network with weights as they were drawn before anything was learned."""
    initial = subject.given.origin.recipe.get("initial_weights")
    if not isinstance(initial, str):
        initial = natural_initializer(subject.network.layers[subject.hidden[0] - 1].activation)
    drawn = initial_parameters(subject.network, initial, random)
    return Subject(replace(subject.model, parameters=drawn), subject.given)


def _ranks(values: Floats) -> NDArray[np.int64]:
    """(rows, neurons) the place of each in its row, the least value's first."""
    return np.argsort(np.argsort(values, axis=1, kind="stable"), axis=1)


def _shuffled(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.int64]:
    """Ranks in random order, as `_ranks` gives them."""
    return np.argsort(random.random(shape), axis=1)


def _ranked(values: Floats) -> Floats:
    """The rank of each of all values."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values.ravel()))


def _correlation(one: Floats, other: Floats) -> float:
    """Of ranks: Spearman's rho (1904), 0 where one side is the same everywhere."""
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else 0.0


def _interval(values: Floats, random: np.random.Generator) -> tuple[float, float, float]:
    """The mean over rows and its 95 % interval by drawing them again."""
    return (float(values.mean()), *middle(means_drawn_again(values, random)))


def _told(gain: tuple[float, float, float]) -> str:
    """What an interval says of a difference."""
    value, low, high = gain
    return f"{'surely' if low > 0 else 'not surely'} more (by {value:.3g}; {low:.3g} to {high:.3g})"
