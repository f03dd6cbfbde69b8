"""What a neuron stands for, by its weights and by the rows that excite it on average."""

import numpy as np

from limpid.columns import Category, unclipped
from limpid.inspection.rules import folded
from limpid.inspection.subject import Floats, Subject

TELLING = 0.05
"""A category is told where its share of the rows moves by at least so much."""


def weights_of(subject: Subject, layer: int) -> Floats:
    """W1 W2 ... up to `layer` (units, inputs): of the first layer its weights, of others a linear approximation.

    What normalisation over the batch does at rest is in them.
    """
    found, parameters = np.eye(subject.network.inputs), folded(subject)
    for number in range(1, layer + 1):
        found = parameters["W1"] if number == 1 else found @ parameters[f"W{number}"]
    return np.ascontiguousarray(found.T)


def is_linear(subject: Subject, layer: int) -> bool:
    """Whether z of `layer` is linear in the inputs, so that `weights_of` says all about it."""
    layers = subject.network.layers[:layer]
    return all(each.activation == "identity" for each in layers[:-1]) and all(
        each.normalization != "layer" for each in layers
    )


def average_stimulus(x: Floats, a: Floats, positive: bool) -> Floats:
    """sum a_n x_n / sum a_n - mean x for activations a (rows, units) of rows x (rows, inputs): (units, inputs).

    Where a can be below 0 (not `positive`), it is centred: sum (a_n - mean a) x_n / sum |a_n - mean a|. 0 for a neuron
    that nothing excites.
    """
    centred = a - a.mean(axis=0)
    whole = a.sum(axis=0) if positive else np.abs(centred).sum(axis=0)
    # the centred sum is the same as with mean x taken away, and rounds less
    return np.asarray((centred / np.where(whole > 0, whole, 1)).T @ x * (whole > 0)[:, None])


def in_words(subject: Subject, stimulus: Floats, x: Floats, most: int) -> list[str]:
    """What the rows that excite a neuron have more or less of, the largest first, in the columns' own units.

    `stimulus` (inputs,) is the neuron's, x (rows, inputs) the rows that it was taken from.
    """
    spread = x.std(axis=0)
    sizes = np.abs(stimulus) / np.where(spread > 0, spread, np.inf)
    told: list[str] = []
    for at in np.argsort(-sizes, kind="stable").tolist():
        sentence = _told(subject, at, float(stimulus[at]), x[:, at])
        if sentence and len(told) < most:
            told.append(sentence)
    return told


def _told(subject: Subject, at: int, moved: float, seen: Floats) -> str | None:
    """ "age higher by 12.3", "colour=red 20 points more often"; None for what is too little, or has no such words."""
    name, encoder = subject.input_names[at], subject.model.encoder
    way = "higher" if moved > 0 else "lower"
    if encoder is None:
        by = abs(moved * float(subject.model.input_scaling.scale[at]))
        return f"{name} {way} by {by:.3g}" if by else None
    column = encoder.columns[encoder.owners[at]]
    if isinstance(column, Category) or name.endswith(" is missing"):
        often = "more" if moved > 0 else "less"
        return f"{name} {100 * abs(moved):.0f} points {often} often" if abs(moved) >= TELLING else None
    if name != column.name or not moved:
        return None
    mean = float(seen.mean())
    ends = np.clip([mean + moved, mean], seen.min(), seen.max())
    by = float(np.abs(np.diff(unclipped(ends, 0.0, column.scale)))[0])
    return f"{name} {way} by {by:.3g}{' days' if column.kind == 'date' else ''}"
