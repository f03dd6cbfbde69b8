"""The network as a drawing: a column of circles for each layer, lines for the weights, as many as can be told apart."""

from html import escape

import numpy as np

from limpid.model import Model

MOST_CIRCLES = 9
"""In a column; of wider layers the first and the last ones stand for all."""
STEP, RADIUS, WIDTH, TOP = 24, 7, 150, 44


def diagram(model: Model) -> str:
    """An SVG element that takes its colours from the page."""
    network = model.network
    names = ["inputs", *(_layer_name(model, at) for at in range(len(network.layers)))]
    columns = [_heights(units) for units in network.widths]
    lines = "".join(
        _lines(model, number, columns[number - 1], columns[number]) for number in range(1, len(network.widths))
    )
    circles = "".join(
        f'<circle cx="{_x(at)}" cy="{y}" r="{RADIUS}"/>' for at, column in enumerate(columns) for y in column
    )
    labels = "".join(
        f'<text x="{_x(at)}" y="16">{escape(name)}</text><text x="{_x(at)}" y="30" class="count">{units:,}</text>'
        + (f'<text x="{_x(at)}" y="{_middle(column)}" class="dots">&#8942;</text>' if units > MOST_CIRCLES else "")
        for at, (name, units, column) in enumerate(zip(names, network.widths, columns, strict=True))
    )
    width, height = _x(len(columns) - 1) + WIDTH // 2, TOP + MOST_CIRCLES * STEP + 10
    told = escape(f"The network: {' to '.join(f'{units:,}' for units in network.widths)} neurons", quote=True)
    return (
        f'<div class="scroll"><svg class="diagram" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{told}">{lines}{circles}{labels}</svg></div>'
    )


def _layer_name(model: Model, at: int) -> str:
    if at == len(model.network.layers) - 1:
        return "outputs"
    return "embedding" if at == 0 and model.network.embedding else f"hidden {at + (model.network.embedding is None)}"


def _x(column: int) -> int:
    return WIDTH // 2 + column * WIDTH


def _heights(units: int) -> list[int]:
    """Where the circles of a layer stand; in the midst of a wide one there is a gap."""
    if units <= MOST_CIRCLES:
        first = TOP + (MOST_CIRCLES - units) * STEP // 2 + STEP // 2
        return [first + STEP * at for at in range(units)]
    places = [at for at in range(MOST_CIRCLES) if at != MOST_CIRCLES // 2]
    return [TOP + STEP // 2 + STEP * at for at in places]


def _middle(column: list[int]) -> int:
    return (column[0] + column[-1]) // 2 + 5


def _lines(model: Model, number: int, left: list[int], right: list[int]) -> str:
    """The weights between the circles that are drawn: the larger the more visible, orange above 0 and blue below."""
    W = model.parameters[f"W{number}"]
    rows, columns = _ends(W.shape[0], len(left)), _ends(W.shape[1], len(right))
    shown = W[np.ix_(rows, columns)].astype(float)
    strength = np.abs(shown) / (np.abs(shown).max() or 1.0)
    return "".join(
        f'<line x1="{_x(number - 1)}" y1="{left[i]}" x2="{_x(number)}" y2="{right[j]}" '
        f'class="{"up" if shown[i, j] > 0 else "down"}" opacity="{0.12 + 0.8 * strength[i, j]:.2f}"/>'
        for i, j in np.ndindex(shown.shape)
    )


def _ends(units: int, circles: int) -> list[int]:
    """Which neurons the circles stand for."""
    return [*range((circles + 1) // 2), *range(units - circles // 2, units)]
