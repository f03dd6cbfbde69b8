"""Is blame true? What it predicts of a neuron's removal, against what removing the neuron really does."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import Trace, back_to_first
from limpid.displays import BLUE, GREEN, ORANGE
from limpid.engines import Examples
from limpid.errors import LimpidError
from limpid.inspection.result import Result
from limpid.inspection.scoring import means_drawn_again, middle
from limpid.inspection.subject import Floats, Subject

STEPS = 20
"""Points of a deletion curve."""
ORDERS = 20
"""Random ones."""
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
    randomised: float
    """Spearman's rho of what a network with the same weights in random places predicts: blame of no meaning."""
    curves: dict[str, Floats]
    """(steps + 1,) the mean cost as more and more neurons are replaced: those that "blame" names first, those with the
    largest "activation", or in "random" order."""
    gain: tuple[float, float, float]
    """By how much higher the curve of blame is than the random one on average, and its 95 % interval."""

    @property
    def words(self) -> str:
        value, low, high = self.gain
        beats = "surely more" if low > 0 else "not surely more"
        stead = "its mean" if self.replacement == "mean" else "zero"
        return (
            f"What blame predicts of replacing a neuron by {stead} goes with what happens by {self.correlation:.2f} of "
            f"1 over rows and neurons, {self.by_neuron:.2f} over neurons; that of a network with its weights shuffled "
            f"by {self.randomised:+.2f}. Replacing those first that blame names raises the cost {beats} than a random "
            f"order does: by {value:.3g} ({low:.3g} to {high:.3g})."
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
    model: Any, X: Any, y: ArrayLike, *, replacement: str = "mean", random: int | np.random.Generator = 0
) -> Faithfulness:
    """Whether blame is true, by replacing each hidden neuron for each of the rows X with answers y.

    Of a few hundred rows it takes seconds. Errors: `LimpidError` for an unknown replacement, a network without hidden
    layers, or rows that do not fit.
    """
    subject, generator = Subject.of(model), np.random.default_rng(random)
    if replacement not in REPLACEMENTS:
        raise LimpidError(f"the replacement must be one of {', '.join(REPLACEMENTS)}, got {replacement!r}")
    if not subject.hidden:
        raise LimpidError(f"a hidden layer is needed, {subject.network} has none")
    examples = subject.examples(X, y)
    trace = subject.trace(examples.X)
    stead = [a.mean(axis=0) if replacement == "mean" else np.zeros(a.shape[1]) for a in trace.a]
    predicted = _predicted(subject, examples, trace, stead)
    true = _true(subject, examples, trace, stead)
    shuffled = _shuffled(subject, generator)
    meaningless = _predicted(shuffled, examples, shuffled.trace(examples.X), stead)
    orders = {
        "blame": np.argsort(-predicted, axis=1, kind="stable"),
        "activation": np.argsort(-np.abs(_hidden(subject, trace)), axis=1, kind="stable"),
    }
    curves = {name: _curve(subject, examples, trace, stead, order) for name, order in orders.items()}
    chance = np.mean(
        [
            _curve(subject, examples, trace, stead, np.argsort(generator.random(predicted.shape), axis=1))
            for _ in range(ORDERS)
        ],
        axis=0,
    )
    gains = (curves["blame"] - chance).mean(axis=1)
    return Faithfulness(
        replacement,
        predicted,
        true,
        _spearman(predicted, true),
        _spearman(predicted.mean(axis=0), true.mean(axis=0)),
        _spearman(meaningless, true),
        {**{name: curve.mean(axis=0) for name, curve in curves.items()}, "random": chance.mean(axis=0)},
        (float(gains.mean()), *middle(means_drawn_again(gains, generator))),
    )


def _hidden(subject: Subject, trace: Trace) -> Floats:
    """(rows, hidden neurons) activations of all hidden layers side by side."""
    return np.concatenate([trace.a[layer] for layer in subject.hidden], axis=1)


def _row_costs(subject: Subject, trace: Trace, Y: Floats) -> Floats:
    network = subject.network
    return np.asarray(network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], Y).sum(axis=1))


def _predicted(subject: Subject, examples: Examples, trace: Trace, stead: list[Floats]) -> Floats:
    network = subject.network
    last = network.cost_function.delta(network.output, trace.z[-1], trace.a[-1], examples.Y)
    of_a = subject.of_activations(trace, back_to_first(network, subject.parameters, trace, subject.depth, last))
    return np.concatenate([(stead[layer] - trace.a[layer]) * of_a[layer] for layer in subject.hidden], axis=1)


def _true(subject: Subject, examples: Examples, trace: Trace, stead: list[Floats]) -> Floats:
    before, found = _row_costs(subject, trace, examples.Y), []
    for layer in subject.hidden:
        behind = subject.behind(layer)
        for unit in range(trace.a[layer].shape[1]):
            a = trace.a[layer].copy()
            a[:, unit] = stead[layer][unit]
            found.append(_row_costs(subject, behind.trace(a), examples.Y) - before)
    return np.array(found).T


def _curve(subject: Subject, examples: Examples, trace: Trace, stead: list[Floats], order: NDArray[np.int64]) -> Floats:
    """(rows, steps + 1) each row's cost as its neurons are replaced in its `order` (rows, hidden neurons)."""
    rank = np.argsort(order, axis=1)
    counts = np.linspace(0, rank.shape[1], STEPS + 1).round()
    return np.array([_replaced(subject, examples, trace, stead, rank < count) for count in counts]).T


def _replaced(
    subject: Subject, examples: Examples, trace: Trace, stead: list[Floats], which: NDArray[np.bool_]
) -> Floats:
    """(rows,) the cost where these hidden neurons (rows, hidden neurons) are replaced, the first layer's first."""
    start = 0
    found = trace
    for layer in subject.hidden:
        a = found.a[layer] if layer == subject.hidden[0] else found.a[1]
        units = a.shape[1]
        a = np.where(which[:, start : start + units], stead[layer], a)
        start += units
        found = subject.behind(layer).trace(a)
    return _row_costs(subject, found, examples.Y)


def _shuffled(subject: Subject, random: np.random.Generator) -> Subject:
    """The same network with the weights of each layer in random places."""
    mixed = {
        name: random.permutation(array.ravel()).reshape(array.shape) if name.startswith("W") else array
        for name, array in subject.parameters.items()
    }
    return Subject(replace(subject.model, parameters=mixed), subject.given)


def _spearman(one: Floats, other: Floats) -> float:
    """(Spearman 1904)."""
    from scipy.stats import spearmanr

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one.ravel(), other.ravel()).statistic)
