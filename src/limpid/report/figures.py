"""Charts of what inspections found, by plotly: arrays in, figures out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from limpid.displays import BLUE, GREEN, ORANGE, graphs

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def bar_figure(values: Mapping[str, float], label: str, marked: str = "", signed: bool = False) -> "Figure":
    """A bar across for each name, the first on top; what is `marked`, or above 0 if they are `signed`, stands out."""
    names = list(values)
    colours = [ORANGE if name == marked or (signed and value > 0) else BLUE for name, value in values.items()]
    figure = graphs().Figure()
    figure.add_bar(
        y=names,
        x=list(values.values()),
        orientation="h",
        marker={"color": colours},
        text=[f"{value:.3g}" for value in values.values()],
        textposition="auto",
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )
    figure.update_layout(xaxis_title=label, height=max(170, 90 + 28 * len(names)), bargap=0.25)
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return figure


def grouped_bar_figure(names: Sequence[str], groups: Mapping[str, Sequence[float]], label: str) -> "Figure":
    """Bars side by side for each name, one a group."""
    figure = graphs().Figure()
    for (group, values), colour in zip(groups.items(), (ORANGE, BLUE, GREEN), strict=False):
        figure.add_bar(x=list(names), y=list(values), name=group, marker={"color": colour})
    figure.update_layout(yaxis_title=label, barmode="group", legend={"orientation": "h", "y": 1.12})
    figure.update_xaxes(type="category")
    return figure


def line_figure(x: Any, curves: Mapping[str, Any], x_label: str, y_label: str, ticks: Sequence[str] = ()) -> "Figure":
    """A line for each curve, told apart by colour and dashes; `ticks` are names of the places x."""
    figure = graphs().Figure()
    for (name, y), colour, dash in zip(curves.items(), (BLUE, ORANGE, GREEN), ("solid", "dash", "dot"), strict=False):
        figure.add_scatter(x=list(x), y=list(y), name=name, mode="lines+markers", line={"color": colour, "dash": dash})
    figure.update_layout(xaxis_title=x_label, yaxis_title=y_label, legend={"orientation": "h", "y": 1.12})
    if ticks:
        figure.update_xaxes(tickvals=list(x), ticktext=list(ticks))
    return figure


def contour_figure(across: Any, up: Any, cost: Any, path: Any = None) -> "Figure":
    """The logarithm of the cost over two directions, the network as a star at (0, 0), and the path to it."""
    figure = graphs().Figure()
    figure.add_contour(
        x=list(across),
        y=list(up),
        z=np.log10(np.maximum(cost, 1e-12)),
        colorscale="Cividis",
        colorbar={"title": "log10<br>cost"},
        hovertemplate="log10 of the cost: %{z:.3f}<extra></extra>",
    )
    if path is not None:
        figure.add_scatter(
            x=list(path[:, 0]),
            y=list(path[:, 1]),
            mode="lines+markers",
            line={"color": "white"},
            marker={"size": 4},
            showlegend=False,
            hovertemplate="epoch %{pointNumber}<extra></extra>",
        )
    marker = {"symbol": "star", "size": 14, "color": "white", "line": {"color": "black", "width": 1}}
    here = "the network<extra></extra>"
    figure.add_scatter(x=[0], y=[0], mode="markers", marker=marker, showlegend=False, hovertemplate=here)
    figure.update_layout(xaxis_title="first direction", yaxis_title="second direction", height=460)
    return figure
