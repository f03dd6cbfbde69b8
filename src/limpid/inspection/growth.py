"""Which weights learning made grow and which it let shrink, and how many of them the answers really need."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import BLUE, ORANGE
from limpid.engines import Examples, find_engine, plain
from limpid.errors import LimpidError
from limpid.evaluation import score_of
from limpid.inspection.course import start_of
from limpid.inspection.flat import Flat
from limpid.inspection.result import Result
from limpid.inspection.scoring import score_name, told
from limpid.inspection.subject import Floats, Subject
from limpid.network import Parameters
from limpid.objective import parts_of

SHARES = (*range(0, 100, 10), 95)
"""Per cent of the weights that are pruned."""
MOST = 20
MAJOR = 0.1
"""The share of a layer's weights that are called its major ones: the largest at the end."""
BARELY = 0.01
"""By so much of what it was a score may fall where pruning is called harmless."""
QUANTILES = (5, 25, 50, 75, 95)


@dataclass
class LayerGrowth:
    """The weights of one layer, those that are learned."""

    layer: int
    before: Floats
    """(weights,) at the start."""
    after: Floats
    """(weights,) at the end."""
    places: NDArray[np.int64]
    """(weights, 2): from which input or neuron to which."""

    @property
    def changes(self) -> Floats:
        """(weights,): by how much |w| grew; below 0 it shrank."""
        found: Floats = np.abs(self.after) - np.abs(self.before)
        return found

    @property
    def grown(self) -> float:
        """The share of weights whose size grew."""
        return float((self.changes > 0).mean())

    @property
    def of_major(self) -> float:
        """How many times its size at the start a major weight has, on average (root of mean squares)."""
        return self._times(slice(-self._major, None))

    @property
    def of_minor(self) -> float:
        """The same of all others."""
        return self._times(slice(None, -self._major))

    @property
    def _major(self) -> int:
        return max(1, round(MAJOR * len(self.after)))

    def _times(self, part: slice) -> float:
        order = np.argsort(np.abs(self.after), kind="stable")[part]
        before = float(np.sqrt(np.mean(self.before[order] ** 2))) if len(order) else 0.0
        return float(np.sqrt(np.mean(self.after[order] ** 2))) / before if before else np.nan


@dataclass
class Pruning(Result):
    """What is left of the score when the least important weights of all layers are set to 0, biases left alone."""

    subject: Subject
    shares: Floats
    """(steps,): the per cent of the weights that were."""
    by_size: Floats
    """(steps,): the score where |w| says how important a weight is (Han et al. 2015)."""
    by_signal: Floats
    """(steps,): where |w| times the root mean square of what comes in through it does (Sun et al. 2023, equation 1)."""

    @property
    def spare(self) -> int:
        """The largest per cent that can go, the better way, before the score falls by a hundredth of what it was."""
        best = np.maximum(self.by_size, self.by_signal)
        lasting = np.logical_and.accumulate(best >= best[0] - BARELY * abs(best[0]))
        return int(self.shares[lasting][-1])

    @property
    def words(self) -> str:
        at = int(np.flatnonzero(self.shares == self.spare)[0])
        task, best = self.subject.given.task, np.maximum(self.by_size, self.by_signal)
        name = score_name(task)
        if at == 0:
            falls = f"{name} falls to {told(task, best[1])}"
            return f"No weights can go: already without {self.shares[1]:.0f}% of them {falls}."
        return (
            f"{self.spare}% of the weights can go: without the least important of them {name} is "
            f"{told(task, best[at])} instead of {told(task, best[0])}."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {"pruned": float(share), "score_by_size": float(size), "score_by_signal": float(signal)}
            for share, size, signal in zip(self.shares, self.by_size, self.by_signal, strict=True)
        ]

    def _draw(self, ax: Any) -> None:
        ax.plot(self.shares, self.by_size, "o-", color=BLUE, label="the smallest weights")
        ax.plot(self.shares, self.by_signal, "s--", color=ORANGE, label="the smallest, by what comes in through them")
        ax.set(xlabel="per cent of the weights set to 0", ylabel=score_name(self.subject.given.task))
        ax.legend()


@dataclass
class Growth(Result):
    """The weights of every layer at the start and at the end."""

    subject: Subject
    layers: list[LayerGrowth]
    pruning: Pruning | None
    """None where no rows were given."""

    def ranked(self, most: int = MOST, layer: int | None = None, shrunk: bool = False) -> list[dict[str, Any]]:
        """The weights that grew most in size, of all layers or of one, or that shrank most; with names."""
        number = layer if layer is None else self.subject.check_layer(layer)
        chosen = [each for each in self.layers if number in {None, each.layer}]
        rows = [self._row(each, at) for each in chosen for at in _most_changed(each.changes, most, shrunk)]
        return sorted(rows, key=lambda row: row["change"] if shrunk else -row["change"])[:most]

    @property
    def words(self) -> str:
        told = [
            f"{each.grown:.0%} of the weights of {self.subject.called(each.layer)} grew: its largest tenth are "
            f"{_times(each.of_major)}, the others {_times(each.of_minor)}"
            for each in self.layers
        ]
        first = self.ranked(1)[0]
        grew = f"grew most in size, from {first['start']:.2g} to {first['end']:.2g}"
        return (
            ". ".join([*told, f"The weight from {first['from']} to {first['to']} {grew}"])
            + "."
            + (f" {self.pruning.words}" if self.pruning else "")
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """The weights that changed most in size, those that grew first."""
        return [*self.ranked(), *self.ranked(shrunk=True)]

    def _row(self, of: LayerGrowth, at: int) -> dict[str, Any]:
        one, other = of.places[at].tolist()
        return {
            "layer": of.layer,
            "from": self.subject.names_before(of.layer)[one],
            "to": self.subject.unit_name(of.layer, other),
            "start": float(of.before[at]),
            "end": float(of.after[at]),
            "change": float(of.changes[at]),
        }

    def _draw(self, ax: Any) -> None:
        """Five quantiles of the sizes of each layer's weights: a box for the middle half, whiskers for nine tenths."""
        for shift, colour, when in ((-0.18, BLUE, "before"), (0.18, ORANGE, "after")):
            spans = [np.percentile(np.abs(getattr(each, when)), QUANTILES) for each in self.layers]
            keys = ("whislo", "q1", "med", "q3", "whishi")
            boxes = [dict(zip(keys, span, strict=True)) for span in spans]
            places = [each.layer + shift for each in self.layers]
            style = {"facecolor": colour, "alpha": 0.6}
            middle = {"color": "black"}
            ax.bxp(boxes, places, widths=0.3, showfliers=False, patch_artist=True, boxprops=style, medianprops=middle)
            ax.bar([np.nan], [np.nan], color=colour, alpha=0.6, label=f"{when} learning")
        ax.set_xticks(
            [each.layer for each in self.layers], [self.subject.layer_name(each.layer) for each in self.layers]
        )
        ax.set(ylabel="size of a weight, |w|")
        ax.legend()


def growth(model: Any, X: Any = None, y: ArrayLike | None = None) -> Growth:
    """How the weights of a model changed since the start; on rows X with answers y also which it can do without.

    The start is the first place of the model's path, or is drawn again by its seed. 2,000 rows of MNIST at
    784-128-64-10 take about 1 s. Errors: `LimpidError` where the start is not known, one of X and y is missing, or
    they do not fit.
    """
    subject = Subject.of(model)
    if (X is None) != (y is None):
        raise LimpidError("X and y belong together: both must be given, or neither")
    examples = None if X is None or y is None else subject.given.examples(X, y)
    return Growth(subject, _layers(subject, start_of(subject)), examples and _pruning(subject, examples))


def _layers(subject: Subject, start: Parameters) -> list[LayerGrowth]:
    marks, found = Flat.of(subject.network).learned, []
    for number in range(1, subject.depth + 1):
        name = f"W{number}"
        places = np.argwhere(marks[name])
        found.append(LayerGrowth(number, start[name][marks[name]], subject.parameters[name][marks[name]], places))
    return found


def _pruning(subject: Subject, examples: Examples) -> Pruning:
    """On the model's own engine; the numbers of an embedding are no connections and stay."""
    names = [f"W{number}" for number in (*subject.hidden, subject.depth)]
    weights = {name: subject.given.parameters[name] for name in names}
    sizes = {name: np.abs(W) for name, W in weights.items()}
    strengths = _strengths(subject, examples)
    signals = {name: size * strengths[int(name[1:]) - 1][:, None] for name, size in sizes.items()}
    curves = [
        np.array([_left(subject, examples, _pruned(weights, importance, share / 100)) for share in SHARES])
        for importance in (sizes, signals)
    ]
    return Pruning(subject, np.array(SHARES, float), curves[0], curves[1])


def _strengths(subject: Subject, examples: Examples) -> list[Floats]:
    """For each layer the root mean square of what comes in, (fan_in,)."""
    given = subject.given
    engine = find_engine(given.engine, given.threads)
    squares: list[Any] = [0.0] * subject.depth
    for part in parts_of(examples):
        came = engine.trace(given.network, given.parameters, part.X).a[:-1]
        came[0] = plain(came[0], given.dtype)
        squares = [total + np.square(a, dtype=np.float64).sum(axis=0) for total, a in zip(squares, came, strict=True)]
    return [np.sqrt(total / len(examples.Y)) for total in squares]


def _pruned(weights: Parameters, importance: Parameters, share: float) -> Parameters:
    """With the least important share of all weights set to 0."""
    every = np.concatenate([importance[name].ravel() for name in weights])
    kept = np.ones(len(every), bool)
    kept[np.argsort(every, kind="stable")[: round(share * len(every))]] = False
    ends = np.cumsum([W.size for W in weights.values()])[:-1]
    parts = zip(weights.items(), np.split(kept, ends), strict=True)
    return {name: np.where(part.reshape(W.shape), W, W.dtype.type(0)) for (name, W), part in parts}


def _left(subject: Subject, examples: Examples, weights: Parameters) -> float:
    given = subject.given
    engine = find_engine(given.engine, given.threads)
    outputs = engine.predict(given.network, {**given.parameters, **weights}, examples.X)
    return score_of(given, outputs, examples.Y)


def _most_changed(changes: Floats, most: int, shrunk: bool) -> list[int]:
    found: list[int] = np.argsort(changes if shrunk else -changes, kind="stable")[:most].tolist()
    return found


def _times(factor: float) -> str:
    if np.isnan(factor):
        return "where 0 was"
    times = f"{factor:.2g}"
    return "as large as at the start" if times == "1" else f"{times} times as large as at the start"
