"""How parts make a whole: which neurons push a class, layer by layer, and whether the class falls without them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject

TOP, DRAWS = 10, 100
MOST_DRAWN = 12


@dataclass
class LayerPush:
    """What the neurons of one hidden layer do for a class."""

    layer: int
    name: str
    push: Floats
    """(units,) what a neuron's activation, beyond its mean over all rows, adds to the class's sum: (a - mean a) dF/da,
    averaged over the rows that are answered with the class."""
    top: NDArray[np.int64]
    """Places of the neurons that push most."""
    without_top: float
    """By how much the class's probability (or number) falls where these stay at their mean."""
    without_others: float
    """By how much it falls where as many others, drawn by chance, stay at theirs."""
    difference: tuple[float, float]
    """The 95 % interval of how much more the former is, over draws and rows."""
    weights: Floats
    """(top, top of the next layer) how much of the next layer's push comes by way of each of these."""

    @property
    def proven(self) -> bool:
        """Whether it surely falls more without these than without others."""
        return self.difference[0] > 0


@dataclass
class Composition(Result):
    """From the class down to the first layer: who pushes it."""

    subject: Subject
    target: str
    layers: list[LayerPush]
    """The hidden ones, the first one first."""
    rows: int
    """That are answered with the class."""

    @property
    def words(self) -> str:
        told = [f"{self.rows:,} rows are answered with {self.target}."]
        for of in reversed(self.layers):
            best = ", ".join(str(unit) for unit in of.top[:3])
            proof = "more" if of.proven else "no more, surely,"
            told.append(
                f"In {of.name} neurons {best} push it most: without the first {len(of.top)} it falls by "
                f"{of.without_top:.3g}, {proof} than without as many others ({of.without_others:.3g})."
            )
        return " ".join(told)

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {"layer": of.layer, "neuron": unit, "push": float(of.push[unit]), "top": unit in of.top}
            for of in reversed(self.layers)
            for unit in np.argsort(-of.push, kind="stable").tolist()
        ]

    def _draw(self, ax: Any) -> None:
        rows = [row for row in self.to_rows() if row["top"]][: MOST_DRAWN * len(self.layers)][::-1]
        names = [self.subject.unit_name(row["layer"], row["neuron"]) for row in rows]
        ax.barh(names, [row["push"] for row in rows], color=[ORANGE if row["push"] > 0 else BLUE for row in rows])
        ax.set(xlabel=f"added to the sum of {self.target}")


def compose(
    model: Any, target: Any, X: Any, *, top: int = TOP, draws: int = DRAWS, random: int | np.random.Generator = 0
) -> Composition:
    """Which hidden neurons push `target` where rows of X are answered with it, and what happens without them.

    `target` is a class, or the name or place of another output; of numbers and several labels all rows count. The proof
    is by ablation: the `top` neurons of a layer that push most are kept at their mean over X, then as many others,
    `draws` times. Errors: `LimpidError` for an unknown target, a network without hidden layers, rows that do not fit or
    none that is answered with the class.
    """
    subject, generator = Subject.of(model), np.random.default_rng(random)
    place, sign = subject.output(target)
    if not subject.hidden:
        raise LimpidError(f"a hidden layer is needed, {subject.network} has none")
    x = subject.x(X)
    means = [a.mean(axis=0) for a in subject.trace(x).a]
    if subject.model.classes is not None:
        x = x[subject.model.predict(X).astype(str) == str(target)]
        if not len(x):
            raise LimpidError(f"no row is answered with {target!r}: give rows of which some are")
    trace = subject.trace(x)
    of_z = np.zeros_like(trace.z[-1])
    of_z[:, place] = sign
    slopes = subject.of_activations(trace, subject.slopes(trace, subject.depth, of_z)[1:])
    found: list[LayerPush] = []
    for layer in subject.hidden:
        each = (trace.a[layer] - means[layer]) * slopes[layer]
        push = each.mean(axis=0)
        best = np.argsort(-push, kind="stable")[: min(top, max(1, len(push) // 2))]
        fall = _fall(subject, trace.a[layer], means[layer], layer, place, sign)
        whole = fall(best)
        others = _others(np.setdiff1d(np.arange(len(push)), best), len(best), draws, generator)
        drawn = np.array([fall(some) for some in others])
        ends = np.quantile([_again(whole - each_, generator) for each_ in drawn], [0.025, 0.975])
        found.append(
            LayerPush(
                *(layer, subject.layer_name(layer), push, best),
                float(whole.mean()),
                float(drawn.mean()),
                (float(ends[0]), float(ends[1])),
                np.zeros((len(best), 0)),
            )
        )
    for before, after in pairwise(found):
        W = subject.parameters[f"W{after.layer}"][np.ix_(before.top, after.top)]
        above = (trace.a[before.layer] - means[before.layer]).mean(axis=0)[before.top]
        before.weights = above[:, None] * W * slopes[after.layer].mean(axis=0)[after.top]
    name = str(target) if subject.model.classes is not None else subject.output_names[place]
    return Composition(subject, name, found, len(x))


def _fall(subject: Subject, a: Floats, mean: Floats, layer: int, place: int, sign: float) -> Any:
    """By how much the output falls for each row (rows,) where some units of a layer are at their mean."""

    def output(a: Floats) -> Floats:
        return np.asarray(subject.after(a, layer).a[-1][:, place]) * sign

    before = output(a)

    def fall(units: NDArray[np.int64]) -> Floats:
        changed = a.copy()
        changed[:, units] = mean[units]
        return before - output(changed)

    return fall


def _others(units: NDArray[np.int64], count: int, draws: int, random: np.random.Generator) -> list[NDArray[np.int64]]:
    return [random.choice(units, min(count, len(units)), replace=False) for _ in range(draws)]


def _again(values: Floats, random: np.random.Generator) -> float:
    """The mean over rows drawn again."""
    return float(values[random.integers(len(values), size=len(values))].mean())
