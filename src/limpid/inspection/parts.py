"""What a hidden neuron detects: how well it tells a concept, where it looks, and what changing the concept does to it.

A neuron counts as a detector where it tells a concept better than neurons of random-weight networks do, corrected for
how many were tried. Permuted marks are no null: random networks "detect" loops with most of their neurons that way.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.arguments import check_list, is_between
from limpid.inspection.concepts import Concept, concepts_for
from limpid.inspection.draws import source_of
from limpid.inspection.integrated import integrated_gradients
from limpid.inspection.null import Bools, aurocs, pooled
from limpid.inspection.result import Result, largest_places
from limpid.inspection.subject import Floats, Subject

ALPHA = 0.05
EXCITED, MOST_EXCITED = 0.995, 5
"""Rows above this quantile of a neuron's activations, and so many at least, show where it looks."""
HELD = 0.8
"""The share of what excites a neuron that the pixels hold which it is said to look at."""
ROWS = 400
"""That are looked at: many random networks see them too."""


@dataclass
class Parts(Result):
    """Every hidden neuron of a layer against every concept."""

    subject: Subject
    layer: int
    concepts: list[str]
    scores: Floats
    """(neurons, concepts) how likely a row with the concept excites the neuron more than one without: 0.5 is none."""
    within: Floats
    """(neurons, concepts) the same among pairs of rows of one class: "loop" may only mean "8". NaN where unknown."""
    classes: list[str]
    """The answers y that there were."""
    by_class: Floats
    """(classes, neurons, concepts) the score within each; NaN where all rows of a class have the concept, or none."""
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
    chance: Floats
    """(2, concepts) the scores that a hundredth of these stay below, and that a hundredth exceeds."""

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
            f"Of {neurons} neurons of {self.subject.layer_name(self.layer)}, {detecting or 'none'} "
            f"{'detect' if detecting > 1 else 'detects'} one of {len(self.concepts)} concepts better than "
            f"{self.pool:,} random ones do, at most {self.alpha:.0%} of them by mistake ({tests:,} tests). "
        )
        unit, at = found[0] if found else divmod(int(self.p.argmin()), len(self.concepts))
        told += f"The {'surest' if found else 'nearest'}: neuron {unit} for {self.concepts[at]!r}, "
        told += f"right in {self.scores[unit, at]:.0%} of all pairs of rows"
        return f"{told}." if found else f"{told}, as {self.p[unit, at]:.2%} of random ones are."

    def to_rows(self) -> list[dict[str, Any]]:
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
            for unit, concept in largest_places(self.scores)
        ]

    def _draw(self, ax: Any) -> None:
        low, high = self.chance
        places = np.arange(len(self.concepts))
        ax.barh(places, high - low, left=low, height=0.7, color="lightgrey", label="98 % of random neurons")
        for kind, colour, marker in ((False, BLUE, "."), (True, ORANGE, "D")):
            unit, concept = np.nonzero((self.corrected <= self.alpha) == kind)
            if len(unit):
                label = "detects it" if kind else "neurons"
                ax.scatter(self.scores[unit, concept], concept, s=18, color=colour, marker=marker, label=label)
        ax.set_yticks(places, self.concepts)
        ax.invert_yaxis()
        ax.set(xlabel="rows with it excite more than rows without it, share of all pairs", xlim=(0, 1))
        ax.set_title(f"Neurons of {self.subject.layer_name(self.layer)}", pad=28)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize="small")


def parts(
    model: Any,
    X: Any,
    concepts: list[Concept] | None = None,
    *,
    layer: int | None = None,
    y: ArrayLike | None = None,
    alpha: float = ALPHA,
    rows: int = ROWS,
    random: int | np.random.Generator = 0,
) -> Parts:
    """How well each hidden neuron of `layer` (the first one if None) tells each of the `concepts` in rows X.

    Best of rows that were not learned from. Where `concepts` is None, X are pictures, and those of handwriting are
    asked for: strokes, bars, arcs, loops, crossings. Answers y tell scores within classes. Of more rows than `rows` so
    many are drawn. Errors: `LimpidError` for a layer that is not hidden, rows that do not fit, a concept without
    examples, or no concepts where rows are no pictures.
    """
    subject, generator = Subject.of(model), source_of(random)
    layer = subject.check_layer(subject.hidden[0] if layer is None and subject.hidden else layer, hidden=True)
    if not is_between(alpha, 0, 1):
        raise LimpidError(f"alpha must be between 0 and 1, got {alpha!r}")
    x = subject.x(X)
    labels = None if y is None else np.atleast_1d(np.asarray(y))
    if labels is not None and labels.ndim != 1:
        raise LimpidError(f"one answer for each row is needed, got shape {labels.shape}")
    if labels is not None and len(labels) != len(x):
        raise LimpidError(f"{len(x)} rows of inputs need as many answers, got {len(labels)}")
    if concepts is not None:
        check_list("concepts", concepts)
        if odd := [each for each in concepts if not isinstance(each, Concept)]:
            raise LimpidError(f"concepts must be made by Concept, got {odd[0]!r}")
    if concepts is not None and not len(concepts):
        raise LimpidError("at least one concept is needed, got none")
    _check(concepts or [], x)
    if len(x) > rows:
        some = np.sort(generator.choice(len(x), rows, replace=False))
        x, labels = x[some], None if labels is None else labels[some]
        concepts = None if concepts is None else [each.of(some) for each in concepts]
        _check(concepts or [], x)
    if concepts is None:
        if subject.model.image_shape is None:
            raise LimpidError("concepts are needed: only pictures have some that are built in")
        raw = subject.model.input_scaling.undo(x)
        concepts = concepts_for(raw, subject.model.image_shape, generator)
    return _scored(subject, layer, _sets(subject, x, labels, concepts), alpha, generator)


def _check(concepts: list[Concept], x: Floats) -> None:
    for each in concepts:
        if each.x is None:
            each.check(*x.shape)


@dataclass(frozen=True)
class _Set:
    """Concepts that the same rows have or lack."""

    x: Floats
    concepts: list[Concept]
    places: list[int]
    """Of these concepts among all."""
    labels: NDArray[Any] | None
    """(rows,) the rows' answers."""

    @property
    def present(self) -> Bools:
        """(rows, concepts)."""
        return np.column_stack([each.present for each in self.concepts])


def _sets(subject: Subject, x: Floats, labels: NDArray[Any] | None, concepts: list[Concept]) -> list[_Set]:
    """The rows given first, then those that concepts bring along."""
    found = {(id(None), id(None)): _Set(x, [], [], labels)}
    for place, each in enumerate(concepts):
        key = id(each.x), id(each.made_of)
        if key not in found:
            own, known = subject.x(each.x), None
            if labels is not None and each.made_of is not None:
                known = labels[each.made_of]
            found[key] = _Set(own, [], [], known)
        if each.x is not None:
            each.check(*found[key].x.shape)
        found[key].concepts.append(each)
        found[key].places.append(place)
    return list(found.values())


def _scored(subject: Subject, layer: int, sets: list[_Set], alpha: float, random: np.random.Generator) -> Parts:
    from scipy.stats import false_discovery_control

    given, asked = sets[0], [each for each in sets if each.concepts]
    classes = np.unique(given.labels) if given.labels is not None else np.array([])
    spread = subject.trace(given.x).a[layer].std(axis=0)
    scores, within, by_class, overlap, effect = [], [], [], [], []
    for each in asked:
        a = subject.trace(each.x).a[layer]
        scores.append(aurocs(a, each.present))
        among, together = _within(a, each, classes)
        by_class.append(among)
        within.append(together)
        overlap.append(_overlap(subject, layer, each, a))
        effect.append(np.column_stack([_effect(subject, layer, concept, spread) for concept in each.concepts]))
    order = np.argsort([place for each in asked for place in each.places])
    score = np.concatenate(scores, axis=1)[:, order]
    null = pooled(subject, layer, [(each.x, each.present) for each in asked], score.size, alpha, random)[:, order]
    p = np.column_stack([_p(score[:, at], null[:, at]) for at in range(len(order))])
    return Parts(
        subject,
        layer,
        [each.name for each in _in_order(asked)],
        score,
        np.concatenate(within, axis=1)[:, order],
        list(map(str, classes)),
        np.concatenate(by_class, axis=2)[:, :, order],
        np.concatenate(overlap, axis=1)[:, order],
        np.concatenate(effect, axis=1)[:, order],
        p,
        false_discovery_control(p.ravel(), method="bh").reshape(p.shape),
        alpha,
        len(null),
        np.quantile(null, (0.01, 0.99), axis=0),
    )


def _in_order(sets: list[_Set]) -> list[Concept]:
    placed = {place: concept for each in sets for place, concept in zip(each.places, each.concepts, strict=True)}
    return [placed[place] for place in sorted(placed)]


def _p(scores: Floats, null: Floats) -> Floats:
    """The share of the pool, each score counted in, that is as high."""
    ordered = np.sort(null)
    return np.asarray((1 + len(null) - np.searchsorted(ordered, scores, side="left")) / (1 + len(null)))


def _within(a: Floats, rows: _Set, classes: NDArray[Any]) -> tuple[Floats, Floats]:
    """The scores within each of the classes, and (neurons, concepts) among all pairs of rows of one class."""
    found = np.full((len(classes), a.shape[1], len(rows.concepts)), np.nan)
    pairs = np.zeros((len(classes), 1, len(rows.concepts)))
    for at, label in enumerate(classes if rows.labels is not None else []):
        own = rows.labels == label
        have = rows.present[own].sum(axis=0)
        pairs[at] = have * (own.sum() - have)
        both = pairs[at, 0] > 0
        if both.any():
            found[at][:, both] = aurocs(a[own], rows.present[own][:, both])
    total = pairs.sum(axis=0)
    together = (np.nan_to_num(found) * pairs).sum(axis=0) / np.where(total > 0, total, np.nan)
    return found, np.asarray(together)


def _effect(subject: Subject, layer: int, concept: Concept, spread: Floats) -> Floats:
    if concept.changed is None:
        return np.full(len(spread), np.nan)
    with_it, without = (subject.x(rows) for rows in concept.changed)
    if len(with_it) != len(without):
        raise LimpidError(
            f"concept {concept.name!r}: rows with it need as many without it, got {len(with_it)} and {len(without)}"
        )
    change = subject.trace(with_it).a[layer] - subject.trace(without).a[layer]
    return np.asarray(change.mean(axis=0) / np.where(spread > 0, spread, 1))


def _overlap(subject: Subject, layer: int, rows: _Set, a: Floats) -> Floats:
    """(neurons, concepts) of where each neuron looks and the concepts' masks; NaN where there are none."""
    units = a.shape[1]
    found = np.full((units, len(rows.concepts)), np.nan)
    if all(each.masks is None for each in rows.concepts):
        return found
    count = min(len(a), max(MOST_EXCITED, int((1 - EXCITED) * len(a))))
    most = np.argsort(-a, axis=0, kind="stable")[:count].T  # (units, count)
    x, of_z = rows.x[most.ravel()], np.repeat(np.eye(units), count, axis=0)
    values, _ = integrated_gradients(subject, x, np.zeros(x.shape[1]), layer, of_z)
    looks = smallest_set(np.clip(values, 0, None), HELD).reshape(units, count, -1)
    excited = (np.take_along_axis(a.T, most, axis=1) > a.min(axis=0)[:, None])[:, :, None]
    for at, concept in enumerate(rows.concepts):
        if concept.masks is not None:
            there = concept.masks[most] & excited
            both, either = (looks & there).sum(axis=(1, 2)), ((looks & excited) | there).sum(axis=(1, 2))
            found[:, at] = both / np.maximum(either, 1)
    return found


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
