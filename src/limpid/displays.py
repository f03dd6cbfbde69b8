"""Arrays into figures: what a person looks at. Plotly for charts, PNG for pictures of numbers."""

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError
from limpid.training import Epoch

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
"""Told apart by colour-blind eyes too (Okabe, Ito 2008)."""


def curve_figure(history: list[Epoch], what: str, label: str) -> "Figure":
    """The course of "cost" or "score" over the epochs, in training and on the watched rows; `label` for the axis."""
    graph = graphs()
    epochs = [epoch.number for epoch in history]
    figure = graph.Figure()
    if what == "cost":
        training = [epoch.cost for epoch in history]
        figure.add_scatter(x=epochs, y=training, name="rows learned from", line={"color": BLUE})
    watched = [epoch.validation_cost if what == "cost" else epoch.validation_score for epoch in history]
    if any(value is not None for value in watched):
        figure.add_scatter(x=epochs, y=watched, name="rows only watched", line={"color": ORANGE, "dash": "dash"})
    figure.update_layout(xaxis_title="epoch", yaxis_title=label, legend={"orientation": "h", "y": 1.12})
    if what == "cost" and all(value > 0 for epoch in history for value in (epoch.cost, epoch.validation_cost or 1)):
        _logarithmic(figure, [each for line in figure.data for each in line.y if each is not None])
    return figure


def _logarithmic(figure: "Figure", values: list[float]) -> None:
    """The vertical axis by powers of ten, with ticks at 1, 2 and 5 of each that are written out."""
    lowest, highest = np.floor(np.log10(min(values))), np.ceil(np.log10(max(values)))
    ticks = [digit * 10.0**power for power in np.arange(lowest, highest + 1) for digit in (1, 2, 5)]
    figure.update_yaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])


def confusion_figure(confusion: NDArray[np.int64], classes: NDArray[Any]) -> "Figure":
    """True classes down, predicted classes across; errors coloured by the share of their row, hits left blank."""
    names = [str(name) for name in classes]
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    figure = graphs().Figure()
    figure.add_heatmap(
        x=names, y=names, z=shares, zmin=0, zmax=float(shares.max()) or 1.0, customdata=confusion, showscale=False,
        colorscale=[[0, "rgba(213, 94, 0, 0)"], [1, "rgba(213, 94, 0, 0.85)"]],
        hovertemplate="%{y} read as %{x}: %{customdata} rows<extra></extra>",
    )  # fmt: skip
    for true, got in np.argwhere(confusion):
        weight = 700 if true == got else 400
        text = str(confusion[true, got])
        figure.add_annotation(x=names[got], y=names[true], text=text, showarrow=False, font={"weight": weight})
    figure.update_layout(height=560)
    figure.update_xaxes(title="read as", type="category", constrain="domain", showgrid=False)
    figure.update_yaxes(
        title="true class", type="category", autorange="reversed", scaleanchor="x", constrain="domain", showgrid=False
    )
    return figure


def prediction_figure(true: NDArray[Any], predicted: NDArray[Any], name: str) -> "Figure":
    """Each row a point: its true number across, what was predicted up; right is on the line."""
    graph = graphs()
    ends = [float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))]
    figure = graph.Figure()
    figure.add_scatter(x=ends, y=ends, mode="lines", name="right", line={"color": GREEN, "dash": "dot"})
    figure.add_scatter(x=true, y=predicted, mode="markers", name="unseen rows", marker={"color": BLUE, "opacity": 0.6})
    figure.update_layout(
        xaxis_title=f"true {name}", yaxis_title=f"predicted {name}", legend={"orientation": "h", "y": 1.12}
    )
    return figure


def weight_figure(weights: NDArray[Any], features: tuple[str, ...], units: tuple[int, ...]) -> "Figure":
    """Weights (inputs, units) on neurons of these numbers: inputs down, neurons across."""
    limit = float(np.abs(weights).max()) or 1.0
    figure = graphs().Figure()
    figure.add_heatmap(
        x=list(map(str, units)), y=list(features), z=weights,
        zmin=-limit, zmax=limit, colorscale=[[0, BLUE], [0.5, "#ffffff"], [1, ORANGE]],
        hovertemplate="%{y} to neuron %{x}: %{z:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(xaxis_title="hidden neuron", height=max(320, 60 + 18 * len(features)))
    figure.update_xaxes(type="category")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def grey_picture(pixels: NDArray[Any], full_scale: float, negative: bool = True) -> str:
    """Pixels (height, width) of 0..full_scale as a PNG data address; `negative`: bright ink is shown dark on white."""
    return _address(grey_pixels(pixels, full_scale, negative))


def weight_picture(weights: NDArray[Any], limit: float) -> str:
    """Weights (height, width) as a PNG data address, in the colours of `weight_pixels`."""
    return _address(weight_pixels(weights, limit))


def grey_pixels(pixels: NDArray[Any], full_scale: float, negative: bool = True) -> NDArray[np.uint8]:
    """Pixels of 0..full_scale as bytes; `negative`: what is bright becomes dark."""
    grey = (np.clip(pixels / full_scale, 0, 1) * 255).astype(np.uint8)
    return np.uint8(255) - grey if negative else grey


def weight_pixels(weights: NDArray[Any], limit: float) -> NDArray[np.uint8]:
    """Weights (...) as red, green and blue (..., 3): blue pulls down, orange pushes up, white does nothing."""
    share = np.clip(weights / (limit or 1.0), -1, 1)[..., None]
    blue, orange = np.array([0, 114, 178]), np.array([213, 94, 0])
    colour = 255 + np.abs(share) * (np.where(share < 0, blue, orange) - 255)
    return np.asarray(colour, np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Grey pixels (height, width) or coloured ones (height, width, 3) as a PNG file."""
    file = io.BytesIO()
    _pillow().fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _address(pixels: NDArray[np.uint8]) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def axes(ax: Any = None) -> Any:
    """matplotlib's Axes `ax`, or new ones. Errors: `LimpidError` where matplotlib is missing."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise LimpidError("pictures need matplotlib: pip install 'limpid[plot]'") from None
    return pyplot.subplots(layout="constrained")[1]


def check_drawable() -> None:
    """`LimpidError` where a package that draws is not installed: to be found before long work."""
    graphs()
    _pillow()


def plotly_script() -> str:
    """The script that draws the figures in a browser, from plotly's own package."""
    graphs()
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def graphs() -> Any:
    try:
        from plotly import graph_objects
    except ImportError:
        raise LimpidError("charts need plotly: pip install 'limpid[report]'") from None
    return graph_objects


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise LimpidError("pictures need Pillow: pip install 'limpid[report]'") from None
    return Image
