"""Charts of what inspections found, by plotly: arrays in, figures out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from limpid.displays import BLUE, ORANGE, graphs

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def bar_figure(values: Mapping[str, float], label: str, marked: str = "") -> "Figure":
    """A bar across for each name, the first on top; the one that is `marked` stands out."""
    names = list(values)
    colours = [ORANGE if name == marked else BLUE for name in names]
    figure = graphs().Figure()
    figure.add_bar(
        y=names, x=list(values.values()), orientation="h", marker={"color": colours},
        text=[f"{value:.3g}" for value in values.values()], textposition="auto",
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(xaxis_title=label, height=90 + 28 * len(names), bargap=0.25)
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return figure
