"""What a hidden neuron detects: how well it tells a concept, where it looks, and what changing the concept does to it.

A neuron counts as a detector where it tells a concept better than neurons of random-weight networks do, corrected for
how many were tried. Permuted marks are no null: random networks "detect" loops with most of their neurons that way.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import BLUE
from limpid.errors import LimpidError
from limpid.inspection.concepts import Concept, concepts_for
from limpid.inspection.integrated import integrated_gradients
from limpid.inspection.null import auroc, pooled, ranks
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject

ALPHA = 0.05
EXCITED, MOST_EXCITED = 0.995, 5
"""Rows above this quantile of a neuron's activations, and so many at least, show where it looks."""
HELD = 0.8
"""The share of what excites a neuron that the pixels hold which it is said to look at."""
MOST_ROWS = 300
MOST_DRAWN = 20


@dataclass
class Parts(Result):
    """Every hidden neuron of a layer against every concept."""

    subject: Subject
    layer: int
    concepts: list[str]
    scores: Floats
    """(neurons, concepts) how likely a row with the concept excites the neuron more than one without: 0.5 is none."""
    within: Floats
    """(neurons, concepts) the same within each class on average: "loop" may only mean "8"; NaN where unknown."""
    overlap: Floats
    """(neurons, concepts) intersection over union of where it looks and where the concept is (Bau et al. 2017)."""
    effect: Floats
    """(neurons, concepts) the mean change of its activation where the concept is there instead of not, in its standard
    deviations; NaN where that cannot be made."""
    p: Floats
    """(neurons, concepts) the share of neurons of random-weight networks that score as high."""
    corrected: Floats
    """(neurons, concepts) p corrected for the number of tests (Benjamini, Hochberg 1995)."""
    alpha: float
    pool: int
    """Random-weight neurons that the scores were ranked in."""

    @property
    def detections(self) -> list[tuple[int, int]]:
        """(neuron, place of the concept) where the corrected p is at most alpha, the highest scores first."""
        found = np.argwhere(self.corrected <= self.alpha)
        return sorted(((unit, at) for unit, at in found.tolist()), key=lambda each: -self.scores[each])

    def of_neuron(self, neuron: int) -> list[str]:
        """The concepts that a neuron detects, the surest first."""
        return [self.concepts[concept] for unit, concept in self.detections if unit == neuron]

    @property
    def words(self) -> str:
        found = self.detections
        neurons, tests = len(self.scores), self.scores.size
        detecting = len({unit for unit, _ in found})
        told = (
            f"Of {neurons} neurons of {self.subject.layer_name(self.layer)}, {detecting} detect one of "
            f"{len(self.concepts)} concepts better than {self.pool:,} random ones do, at most {self.alpha:.0%} of them "
            f"by mistake ({tests:,} tests). "
        )
        if found:
            unit, at = found[0]
            score = self.scores[unit, at]
            told += f"The surest: neuron {unit} for {self.concepts[at]!r}, right in {score:.0%} of all pairs of rows."
        return told.strip()

    def to_rows(self) -> list[dict[str, Any]]:
        order = np.argsort(-self.scores, axis=None, kind="stable")
        pairs: NDArray[np.int64] = np.column_stack(np.unravel_index(order, self.scores.shape))
        return [
            {
                "layer": self.layer,
                "neuron": unit,
                "concept": self.concepts[concept],
                "score": float(self.scores[unit, concept]),
                "within classes": _or_none(self.within[unit, concept]),
                "overlap": _or_none(self.overlap[unit, concept]),
                "effect": _or_none(self.effect[unit, concept]),
                "p": float(self.p[unit, concept]),
                "corrected p": float(self.corrected[unit, concept]),
                "detects": bool(self.corrected[unit, concept] <= self.alpha),
            }
            for unit, concept in pairs.tolist()
        ]

    def _draw(self, ax: Any) -> None:
        counts = (self.corrected <= self.alpha).sum(axis=0)
        ax.barh(self.concepts[::-1], counts[::-1], color=BLUE)
        ax.set(xlabel=f"neurons of {self.subject.layer_name(self.layer)} that detect it")


def parts(
    model: Any,
    X: Any,
    concepts: list[Concept] | None = None,
    *,
    layer: int | None = None,
    y: ArrayLike | None = None,
    alpha: float = ALPHA,
    random: int | np.random.Generator = 0,
) -> Parts:
    """How well each hidden neuron of `layer` (the first one if None) tells each of the `concepts` in rows X.

    Best of rows that were not learned from. Where `concepts` is None, X are pictures, and those of handwriting are
    asked for: strokes, bars, arcs, loops, crossings. Answers y tell scores within classes. Of more than 300 rows so
    many are drawn. Errors: `LimpidError` for a layer that is not hidden, rows that do not fit, a concept without
    examples, or no concepts where rows are no pictures.
    """
    subject, generator = Subject.of(model), np.random.default_rng(random)
    layer = subject.check_layer(subject.hidden[0] if layer is None and subject.hidden else layer, hidden=True)
    if not 0 < alpha < 1:
        raise LimpidError(f"alpha must be between 0 and 1, got {alpha!r}")
    x = subject.x(X)
    labels = None if y is None else np.asarray(y)
    if labels is not None and len(labels) != len(x):
        raise LimpidError(f"{len(x)} rows of inputs need as many answers, got {len(labels)}")
    if len(x) > MOST_ROWS and concepts is None:
        some = np.sort(generator.choice(len(x), MOST_ROWS, replace=False))
        x, labels = x[some], None if labels is None else labels[some]
    if concepts is None:
        if subject.model.image_shape is None:
            raise LimpidError("concepts are needed: only pictures have some that are built in")
        concepts = concepts_for(x, subject.model.image_shape, generator)
    if not concepts:
        raise LimpidError("at least one concept is needed, got none")
    for each in concepts:
        each.check(len(x if each.x is None else each.x))
    return _scored(subject, layer, x, labels, concepts, alpha, generator)


def _scored(
    subject: Subject,
    layer: int,
    x: Floats,
    labels: NDArray[Any] | None,
    concepts: list[Concept],
    alpha: float,
    random: np.random.Generator,
) -> Parts:
    sets: list[tuple[Floats, list[Concept]]] = []
    for concept in concepts:
        rows = x if concept.x is None else concept.x
        same = next((every for known, every in sets if known is rows), None)
        if same is None:
            sets.append((rows, [concept]))
        else:
            same.append(concept)
    units = subject.network.layers[layer - 1].units
    spread = subject.trace(x).a[layer].std(axis=0)
    columns: dict[str, list[Floats]] = {"scores": [], "within": [], "overlap": [], "effect": []}
    names = []
    for rows, every in sets:
        a = subject.trace(rows).a[layer]
        ranked, looks = ranks(a), _Looks(subject, layer, rows, a)
        for concept in every:
            names.append(concept.name)
            columns["scores"].append(auroc(ranked, concept.present))
            columns["within"].append(_within(a, concept.present, None if concept.drawn else labels))
            columns["overlap"].append(looks.overlap(concept.masks))
            columns["effect"].append(_effect(subject, layer, concept, spread))
    scores = np.array(columns["scores"]).T
    null = pooled(
        subject, layer, [(rows, [each.present for each in every]) for rows, every in sets], scores.size, alpha, random
    )
    p = np.array([_p(scores[:, at], null[at]) for at in range(len(names))]).T
    from scipy.stats import false_discovery_control

    corrected = false_discovery_control(p.ravel(), method="bh").reshape(units, -1)
    within, overlap, effect = (np.array(columns[name]).T for name in ("within", "overlap", "effect"))
    return Parts(subject, layer, names, scores, within, overlap, effect, p, corrected, alpha, len(null[0]))


def _p(scores: Floats, null: Floats) -> Floats:
    """The share of the pool, each score counted in, that is as high."""
    ordered = np.sort(null)
    return np.asarray((1 + len(null) - np.searchsorted(ordered, scores, side="left")) / (1 + len(null)))


def _within(a: Floats, present: NDArray[np.bool_], labels: NDArray[Any] | None) -> Floats:
    """The mean over classes with both kinds of rows of the score within each."""
    found = []
    if labels is not None:
        for label in np.unique(labels):
            own = labels == label
            if 0 < present[own].sum() < own.sum():
                found.append(auroc(ranks(a[own]), present[own]))
    return np.mean(found, axis=0) if found else np.full(a.shape[1], np.nan)


def _effect(subject: Subject, layer: int, concept: Concept, spread: Floats) -> Floats:
    if concept.changed is None:
        return np.full(len(spread), np.nan)
    with_it, without = (subject.trace(rows).a[layer] for rows in concept.changed)
    return np.asarray((with_it - without).mean(axis=0) / np.where(spread > 0, spread, 1))


class _Looks:
    """The inputs that each neuron looks at, in the rows that excite it most."""

    def __init__(self, subject: Subject, layer: int, x: Floats, a: Floats) -> None:
        units = a.shape[1]
        count = max(MOST_EXCITED, int((1 - EXCITED) * len(x)))
        self._rows = np.argsort(-a, axis=0, kind="stable")[:count]  # (count, units)
        of_z = np.repeat(np.eye(units), count, axis=0)
        rows = self._rows.T.ravel()
        values = integrated_gradients(subject, x[rows], np.zeros(x.shape[1]), layer, of_z)[0]
        self._pixels = smallest_set(np.clip(values, 0, None), HELD).reshape(units, count, -1)

    def overlap(self, masks: NDArray[np.bool_] | None) -> Floats:
        """(units,) the intersection over the union with a concept's masks (rows, inputs); NaN where there are none."""
        if masks is None:
            return np.full(len(self._pixels), np.nan)
        there = masks[self._rows.T]
        both, either = (self._pixels & there).sum(axis=(1, 2)), (self._pixels | there).sum(axis=(1, 2))
        return np.asarray(both / np.maximum(either, 1))


def smallest_set(values: Floats, share: float) -> NDArray[np.bool_]:
    """(n, inputs) the fewest inputs that hold this share of the sum of values (n, inputs) of at least 0."""
    order = np.argsort(-values, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(values, order, axis=1), axis=1)
    before = np.concatenate([np.zeros((len(values), 1)), sums[:, :-1]], axis=1)
    needed = (before < share * sums[:, -1:]) & (sums[:, -1:] > 0)
    found = np.zeros(values.shape, bool)
    np.put_along_axis(found, order, needed, axis=1)
    return found


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
