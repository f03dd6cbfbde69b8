"""The cost around a model on a slice through its many directions, and on the plane in which the way down lay.

A slice is what it is: two directions out of all. What it shows need not hold in the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import ORANGE
from limpid.errors import LimpidError
from limpid.frames import is_frame, table_of
from limpid.inspection.arguments import check_finite, is_between
from limpid.inspection.course import TO_KEEP, kept_at, way_of
from limpid.inspection.draws import source_of
from limpid.inspection.flat import Flat
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject
from limpid.inspection.trained import as_trained, cost_elsewhere
from limpid.network import Parameters
from limpid.table import Table

ROWS = 1000
"""At most so many are looked at: a point of a slice takes a pass over them."""
MARGIN = 0.25
"""Of what the way down spans, shown around it on either side."""
FLAT = 1e-6
"""A second direction of the way that has less than this share of the first one's length is none."""


@dataclass
class Way(Result):
    """The plane in which the way down lay, as far as it lay in one: principal components of theta_t - theta_T."""

    subject: Subject
    coordinates: Floats
    """(places, 2): before the first epoch, then after each; (0, 0) is the model."""
    explained: Floats
    """(2,): the share of all squared distances from the model that each direction has."""
    place_costs: Floats
    """(places,): cost and penalty where each place really is, not where the plane passes by."""
    xs: Floats
    """(grid,): the first coordinate of the points looked at."""
    ys: Floats
    """(grid,): the second."""
    costs: Floats
    """(grid of ys, grid of xs): cost and penalty there."""
    kept: int
    """The place that the model's parameters are: 0 before the first epoch."""

    @property
    def words(self) -> str:
        epochs = len(self.coordinates) - 1
        return (
            f"{self.explained.sum():.0%} of the way of {epochs} epochs lay in one plane, {self.explained[0]:.0%} in "
            f"one direction; the cost went from {self.place_costs[0]:.3g} to {self.place_costs[self.kept]:.3g}, which "
            f"epoch {self.kept} had."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {"epoch": at, "x": float(x), "y": float(y), "cost": float(cost)}
            for at, ((x, y), cost) in enumerate(zip(self.coordinates, self.place_costs, strict=True))
        ]

    def _draw(self, ax: Any) -> None:
        _contours(ax, self.xs, self.ys, self.costs)
        ax.plot(*self.coordinates.T, "o-", ms=4, color=ORANGE, mec="white", label="epoch by epoch")
        ax.plot([0], [0], "*", ms=14, color="white", mec="black", label="the model")
        first, second = self.explained
        ax.set(xlabel=f"first direction ({first:.0%} of the way)", ylabel=f"second direction ({second:.1%} of the way)")
        ax.legend()


@dataclass
class Landscape(Result):
    """Cost and penalty on a slice through the model, along two random directions."""

    subject: Subject
    rows: int
    """So many were looked at."""
    steps: Floats
    """(grid,) along either direction; in units of each neuron's own weights: at 1 they have moved by their length."""
    costs: Floats
    """(grid, grid): down along the second direction, across along the first."""
    directions: tuple[Parameters, Parameters]
    """Named and shaped like the parameters; for each neuron as long as its incoming weights, biases 0 (Li et al. 2018,
    section 4)."""
    cost: float
    """At the model."""
    way: Way | None
    """None where the model kept no path, or one that lies in a line."""

    @property
    def lowest(self) -> tuple[float, float, float]:
        """The steps to the lowest point of the slice that was looked at, and what it costs."""
        down, across = np.unravel_index(int(self.costs.argmin()), self.costs.shape)
        return float(self.steps[across]), float(self.steps[down]), float(self.costs[down, across])

    @property
    def words(self) -> str:
        edge = np.concatenate([self.costs[0], self.costs[-1], self.costs[:, 0], self.costs[:, -1]])
        x, y, low = self.lowest
        place = "The model lies at its lowest point"
        if low < self.cost:
            place = f"Its lowest point costs {low:.3g}, at steps of {x:.2g} and {y:.2g}"
        numbers = self.subject.network.count()
        told = (
            f"On a slice through {numbers:,} numbers the cost goes from {self.cost:.3g} at the model to "
            f"{np.median(edge):.3g} around the edge. {place}. Two random directions are a slice, not the whole."
        )
        if self.way:
            return f"{told} {self.way.words}"
        return told if self.subject.given.path else f"{told} For the way down {TO_KEEP}."

    def to_rows(self) -> list[dict[str, Any]]:
        """A row a point, the cheapest first."""
        order = np.argsort(self.costs, axis=None, kind="stable")
        places = zip(*np.unravel_index(order, self.costs.shape), strict=True)
        return [
            {"x": float(self.steps[across]), "y": float(self.steps[down]), "cost": float(self.costs[down, across])}
            for down, across in places
        ]

    def _draw(self, ax: Any) -> None:
        _contours(ax, self.steps, self.steps, self.costs)
        ax.plot([0], [0], "*", ms=14, color="white", mec="black", label="the model")
        ax.set(xlabel="first random direction", ylabel="second random direction", title="a slice, not the whole")
        ax.legend()


def landscape(
    model: Any,
    X: Any,
    y: ArrayLike,
    random: int | np.random.Generator | np.random.RandomState = 0,
    grid: int = 25,
    span: float = 1.0,
) -> Landscape:
    """The cost around a model for rows X (rows, inputs) with answers y, at grid x grid points of a slice through it.

    The slice goes `span` to either side along two random directions. Where the model kept its path, the plane of the
    way down is looked at too, at as many points; running statistics stay there as they are at the model. Of more than
    1,000 rows so many are drawn. The model's own engine computes; 1,000 rows of MNIST at 784-128-64-10 take about 3 s
    on two cores, half of that without a path. Errors: `LimpidError` where X or y do not fit, or for a number out of
    range.
    """
    if isinstance(grid, bool) or not isinstance(grid, int | np.integer) or grid < 3:
        raise LimpidError(f"the grid must have at least 3 points a side, got {grid!r}")
    if not is_between(span, 0, np.inf):
        raise LimpidError(f"the span must be a finite number above 0, got {span!r}")
    subject, draws = Subject.of(model), source_of(random)
    trained = as_trained(subject, *_sampled(X, y, draws))
    directions = _direction(subject, draws), _direction(subject, draws)
    steps = np.linspace(-span, span, int(grid))
    cost_at = cost_elsewhere(subject, trained)

    def on_slice(x: float, y: float) -> float:
        return cost_at(
            {
                name: array + x * directions[0][name] + y * directions[1][name]
                for name, array in subject.parameters.items()
            }
        )

    costs, here = _on_grid(on_slice, steps, steps), cost_at(subject.parameters)
    check_finite("the cost of these rows", np.array([here]))
    check_finite(f"the cost within a span of {span:g}", costs)
    return Landscape(
        subject,
        len(trained.examples.Y),
        steps,
        costs,
        directions,
        here,
        _way(subject, cost_at, int(grid)) if subject.given.path else None,
    )


def _way(subject: Subject, cost_at: Callable[[Parameters], float], grid: int) -> Way | None:
    flat, places = Flat.of(subject.network), way_of(subject)
    end = flat.vector(subject.parameters)
    apart = np.stack([flat.vector(place) - end for place in places])
    # principal components through the model itself: of few places their dot products say all
    values, vectors = np.linalg.eigh(apart @ apart.T)
    lengths = np.sqrt(values[::-1].clip(min=0))
    if len(lengths) < 2 or lengths[1] <= FLAT * lengths[0]:
        return None
    turned = vectors[:, ::-1][:, :2] * np.where(vectors[0, ::-1][:2] < 0, -1, 1)  # it starts right and above
    coordinates = turned * lengths[:2]
    axes = (turned / lengths[:2]).T @ apart
    xs, ys = (np.linspace(*_around(each), grid) for each in coordinates.T)

    def on_plane(x: float, y: float) -> float:
        there = flat.parameters(end + x * axes[0] + y * axes[1])
        # what is not learned, running statistics and the like, stays
        own = {name: np.where(mark, there[name], subject.parameters[name]) for name, mark in flat.learned.items()}
        return cost_at(own)

    return Way(
        subject,
        coordinates,
        lengths[:2] ** 2 / float((lengths**2).sum()),
        np.array([cost_at(place) for place in places]),
        xs,
        ys,
        _on_grid(on_plane, xs, ys),
        kept_at(subject),
    )


def _around(coordinates: Floats) -> tuple[float, float]:
    """From where to where to look, so that all of these and the model lie well inside."""
    low, high = min(0.0, float(coordinates.min())), max(0.0, float(coordinates.max()))
    return low - MARGIN * (high - low), high + MARGIN * (high - low)


def _direction(subject: Subject, draws: np.random.Generator) -> Parameters:
    """Random, but for each neuron as long as its own incoming weights; 0 for all but learned weights."""
    found = {name: np.zeros_like(array) for name, array in subject.parameters.items()}
    marks = Flat.of(subject.network).learned
    for number in range(1, subject.depth + 1):
        name = f"W{number}"
        drawn = np.where(marks[name], draws.normal(size=marks[name].shape), 0.0)
        lengths = np.linalg.norm(drawn, axis=0)
        own = np.linalg.norm(np.where(marks[name], subject.parameters[name], 0.0), axis=0)
        found[name] = drawn * np.where(lengths > 0, own / np.where(lengths > 0, lengths, 1), 0.0)
    return found


def _sampled(X: Any, y: ArrayLike, draws: np.random.Generator) -> tuple[Any, NDArray[Any]]:
    """At most 1,000 rows, in their order."""
    answers = np.asarray(y)
    if answers.ndim == 0 or len(answers) <= ROWS:
        return X, answers
    which = np.sort(draws.choice(len(answers), ROWS, replace=False))
    if is_frame(X) or isinstance(X, dict | Table):
        X = table_of(X)
    if len(answers) != X.shape[0]:
        raise LimpidError(f"{X.shape[0]} rows of inputs need as many answers, got {len(answers)}")
    return (X.rows(which) if isinstance(X, Table) else X[which]), answers[which]


def _on_grid(cost: Callable[[float, float], float], xs: Floats, ys: Floats) -> Floats:
    """(ys, xs)."""
    return np.array([[cost(float(x), float(y)) for x in xs] for y in ys])


def _contours(ax: Any, xs: Floats, ys: Floats, costs: Floats) -> None:
    """Heights in steps of equal ratio where all are above 0."""
    finite = np.where(np.isfinite(costs), costs, np.nanmax(costs[np.isfinite(costs)]))
    low, high = float(finite.min()), float(finite.max())
    spread = np.geomspace if low > 0 else np.linspace
    levels = spread(low, high if high > low else low + 1, 18)
    drawn = ax.contourf(xs, ys, finite, levels=levels, cmap="cividis")
    bar = ax.figure.colorbar(drawn, ax=ax, label="cost and penalty", ticks=levels[::3])
    bar.ax.set_yticklabels([f"{level:.2g}" for level in levels[::3]])
