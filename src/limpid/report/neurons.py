"""What each hidden neuron detects, as pictures or as columns, and what is known of it besides."""

from collections.abc import Iterator
from html import escape

import numpy as np
from numpy.typing import NDArray

from limpid.displays import weight_figure
from limpid.inspection import Parts, Units, parts, units
from limpid.inspection.stimulus import weights_of
from limpid.inspection.subject import Floats, Subject
from limpid.report.html import Section, chart, paragraph, picture, pictures, table
from limpid.report.material import Material

SHOWN_FIRST = 12
MOST = 256
"""Neurons of a layer that are shown at all."""
ROWS = 1_000
EXCITING = 4
MOST_INPUTS = 100
"""Rows of a chart of weights."""
LEANS = 0.01
"""A p that is worth a hint where the correction for many tests leaves no detection."""


def neurons(of: Material) -> Iterator[Section]:
    if of.rows is None:
        if of.model.network.hidden:
            yield Section("layer1", "What the first layer looks for", _weights(of))
        return
    hidden = range(1 + (of.model.network.embedding is not None), len(of.model.network.layers))
    for number, layer in enumerate(hidden, start=1):
        found = units(of.model, layer, of.few(ROWS), most=EXCITING)
        heading = f"What the neurons of hidden layer {number} detect"
        yield Section(f"layer{number}", heading, list(_layer(of, found, layer)))


def _weights(of: Material) -> list[str]:
    """Of the first hidden layer, where there are no rows to look at it by."""
    subject = Subject.of(of.model)
    weights = weights_of(subject, subject.hidden[0])
    order = np.argsort(-np.linalg.norm(weights, axis=1), kind="stable")[:MOST].tolist()
    if of.model.image_shape is not None:
        limit = float(np.abs(weights).max())
        return [pictures(picture(of.coloured(weights[unit], limit), f"neuron {unit}") for unit in order)]
    names = np.array(subject.input_names)
    most = np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:MOST_INPUTS]
    return [_pulls(weights[order][:, most].T, names[most], order, "Each input's pull on each neuron")]


def _layer(of: Material, found: Units, layer: int) -> Iterator[str]:
    told = parts(of.model, of.few(ROWS), layer=layer, y=of.few_answers(ROWS)) if of.model.image_shape else None
    yield paragraph(
        "A neuron is excited by what fits its weights. For each neuron: its weights, the rows that excite it most, "
        "what they have in common, and an input that was made to excite it."
    )
    if not found.linear:
        yield paragraph(
            "Behind the first layer the weights shown are those of all layers multiplied: an approximation.", "soft"
        )
    if told is not None:
        yield paragraph(told.words, "verdict")
        yield _concepts(told)
    order = found.order[:MOST].tolist()
    if of.model.image_shape is None:
        yield from _columns(found, order)
    cards = [_card(of, found, told, at) for at in order]
    yield f'<div class="neurons">{"".join(cards[:SHOWN_FIRST])}</div>'
    if cards[SHOWN_FIRST:]:
        rest, count = "".join(cards[SHOWN_FIRST:]), len(cards) - SHOWN_FIRST
        yield f'<details><summary>The other {count} neurons</summary><div class="neurons">{rest}</div></details>'


def _concepts(told: Parts) -> str:
    """Each concept with the neuron that tells it best."""
    best = told.scores.argmax(axis=0)
    rows = (
        [
            name,
            int(unit),
            float(told.scores[unit, at]),
            float(told.overlap[unit, at]),
            float(told.effect[unit, at]),
            float(told.p[unit, at]),
            float(told.corrected[unit, at]),
        ]
        for at, (name, unit) in enumerate(zip(told.concepts, best, strict=True))
    )
    header = ["concept", "best neuron", "score", "overlap", "effect", "p", "corrected p"]
    return table("Strokes, arcs, loops and crossings, each with the neuron that tells it best", header, rows)


def _columns(found: Units, order: list[int]) -> Iterator[str]:
    """The pull of each input on each neuron."""
    names = np.array(found.subject.input_names)
    scaled = found.weights * found.x.std(axis=0)
    most = np.argsort(-np.linalg.norm(scaled, axis=0), kind="stable")[:MOST_INPUTS]
    title = "Each input's pull on each neuron, by how much it varies"
    yield _pulls(scaled[order][:, most].T, names[most], found.units[order].tolist(), title)


def _pulls(values: Floats, names: NDArray[np.str_], units_: list[int], title: str) -> str:
    """A chart of values (inputs, neurons)."""
    rows = ([name, *row] for name, row in zip(names, values.tolist(), strict=True))
    header = ["input", *(f"neuron {unit}" for unit in units_)]
    return chart(weight_figure(values, tuple(names), tuple(units_)), title, header, rows)


def _card(of: Material, found: Units, told: Parts | None, at: int) -> str:
    """One neuron."""
    unit = int(found.units[at])
    wants = "; ".join(found.stands_for(at))
    text = f"Up to {found.activations[at, 0]:.3g}. Rows that excite it have {wants}." if wants else ""
    if told is not None:
        text = _detects(told, unit)
    images = ""
    if of.model.image_shape is not None:
        excited = found.x[found.exciting[at]]
        weights, stimulus = found.weights[at], found.stimulus[at]
        cells = [
            picture(of.coloured(weights, float(np.abs(weights).max())), "weights"),
            picture(of.strip(excited), "most excited by"),
            picture(of.coloured(stimulus, float(np.abs(stimulus).max())), "in common"),
            picture(of.grey(found.maximising[at], float(found.x.max())), "made to excite"),
        ]
        images = f'<div class="pictures">{"".join(cells)}</div>'
    name = escape(found.subject.unit_name(found.layer, unit))
    return f'<div class="neuron"><h4>{name}</h4>{images}<p>{escape(text)}</p></div>'


def _detects(told: Parts, unit: int) -> str:
    detected = told.of_neuron(unit)
    if detected:
        return f"Detects: {', '.join(detected)}."
    best = int(told.p[unit].argmin())
    if told.p[unit, best] <= LEANS:
        return f"Leans to: {told.concepts[best]} (p {told.p[unit, best]:.2g}, not sure among so many tests)."
    return "No concept that was asked about."
