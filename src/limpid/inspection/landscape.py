"""The cost around a network, on two planes through it: of random directions, and of the way that descent took.

Random directions are as long in each neuron's incoming weights as these are, so that networks can be compared (Li et
al. 2018). A plane is a slice: what lies beside it is not seen.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limpid.engines import find_engine
from limpid.errors import LimpidError
from limpid.inspection.course import way_of
from limpid.inspection.flat import Flat
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject
from limpid.network import Parameters
from limpid.objective import evaluate

MARGIN = 0.25
"""Of the path's extent, around it."""


@dataclass
class Plane:
    """The cost over two directions through the network, which is at (0, 0)."""

    across: Floats
    """(grid,) along the first direction."""
    up: Floats
    """(grid,) along the second."""
    cost: Floats
    """(grid, grid), the second direction down."""


@dataclass
class Landscape(Result):
    """Slices of the cost's landscape through a network."""

    random: Plane
    """Over two random directions, in lengths of each neuron's weights."""
    descent: Plane | None
    """Over the two directions that hold most of the path; None where it was not kept."""
    path: Floats | None
    """(epochs + 1, 2) where the network stood on that plane, its start first."""
    explained: float | None
    """The share of the path's variance that lies in that plane."""
    rows: int

    @property
    def words(self) -> str:
        middle = float(self.random.cost[len(self.random.up) // 2, len(self.random.across) // 2])
        higher = float((self.random.cost > middle).mean())
        told = (
            f"On a slice through the network over {self.rows:,} rows the cost is {middle:.4g} where it stands, and "
            f"higher on {higher:.0%} of the slice, up to {self.random.cost.max():.4g}. "
        )
        if self.explained is not None and self.path is not None:
            told += f"The plane of its descent holds {self.explained:.0%} of how {len(self.path) - 1} epochs moved it. "
        return told + "A slice shows nothing of what lies beside it."

    def to_rows(self) -> list[dict[str, Any]]:
        rows = []
        for name, plane in (("random", self.random), ("descent", self.descent)):
            if plane is not None:
                rows += [
                    {"plane": name, "across": float(x), "up": float(y), "cost": float(plane.cost[row, column])}
                    for row, y in enumerate(plane.up)
                    for column, x in enumerate(plane.across)
                ]
        return rows

    def _draw(self, ax: Any) -> None:
        plane = self.descent or self.random
        drawn = ax.contourf(plane.across, plane.up, np.log10(np.maximum(plane.cost, 1e-12)), levels=20, cmap="cividis")
        ax.figure.colorbar(drawn, ax=ax, label="log10 of the cost")
        ax.plot(0, 0, "*", color="white", markersize=12)
        if self.path is not None:
            ax.plot(self.path[:, 0], self.path[:, 1], "-o", color="white", markersize=3, linewidth=1)
        ax.set(xlabel="first direction", ylabel="second direction")


def landscape(
    model: Any, X: Any, y: ArrayLike, *, grid: int = 25, span: float = 1.0, random: int | np.random.Generator = 0
) -> Landscape:
    """The cost of rows X with answers y around a network: `grid` x `grid` points, up to `span` times its weights away.

    With the path of its descent, where it was learned with `keep_path=True`, on the plane that holds most of it.
    Computed in the model's own precision. Errors: `LimpidError` for rows that do not fit or numbers out of range.
    """
    subject, generator = Subject.of(model), np.random.default_rng(random)
    if isinstance(grid, bool) or not isinstance(grid, int) or grid < 3:
        raise LimpidError(f"the grid must be an integer of at least 3, got {grid!r}")
    if not 0 < span < np.inf:
        raise LimpidError(f"the span must be a finite number above 0, got {span!r}")
    examples = subject.given.examples(X, y)
    engine, flat = find_engine(subject.given.engine, subject.given.threads), Flat.of(subject.network)

    def plane(one: Floats, other: Floats, across: Floats, up: Floats) -> Plane:
        here = flat.vector(subject.parameters)

        def at(vector: Floats) -> Parameters:
            moved = flat.parameters(vector)
            return {
                name: np.asarray(np.where(flat.learned[name], moved[name], array), subject.given.dtype)
                for name, array in subject.parameters.items()
            }

        cost = [
            [evaluate(engine, subject.network, at(here + x * one + y * other), examples)[0] for x in across] for y in up
        ]
        return Plane(across, up, np.array(cost))

    ends = span * np.linspace(-1, 1, grid)
    drawn = [flat.vector(_filter_normalised(subject, generator)) for _ in range(2)]
    found = plane(drawn[0], drawn[1], ends, ends)
    if len(subject.given.path or ()) < 3:
        return Landscape(found, None, None, None, len(examples.Y))
    directions, path, explained = _of_path(subject, flat)
    sides = [np.linspace(*_around(path[:, axis]), grid) for axis in range(2)]
    descent = plane(directions[0], directions[1], sides[0], sides[1])
    return Landscape(found, descent, path, explained, len(examples.Y))


def _filter_normalised(subject: Subject, random: np.random.Generator) -> Parameters:
    """A random direction whose part for each neuron's incoming weights is as long as these; 0 for biases."""
    found = {name: np.zeros_like(array) for name, array in subject.parameters.items()}
    for name, W in subject.parameters.items():
        if name.startswith("W"):
            drawn = random.normal(size=W.shape)
            if name == "W1" and subject.network.embedding is not None:
                drawn = drawn * subject.network.embedding.learned
            lengths = np.linalg.norm(drawn, axis=0)
            found[name] = drawn * np.linalg.norm(W, axis=0) / np.where(lengths > 0, lengths, 1)
    return found


def _of_path(subject: Subject, flat: Flat) -> tuple[Floats, Floats, float]:
    """Two directions of length 1 (2, parameters), the path's places along them (epochs + 1, 2), variance explained.

    By principal components of theta_t - theta, where theta is the network itself.
    """
    here = flat.vector(subject.parameters)
    moved = np.array([flat.vector(stood) for stood in way_of(subject)], np.float64) - here
    _, sizes, directions = np.linalg.svd(moved, full_matrices=False)
    return directions[:2], moved @ directions[:2].T, float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def _around(places: Floats) -> tuple[float, float]:
    low, high = min(0.0, float(places.min())), max(0.0, float(places.max()))
    room = MARGIN * ((high - low) or 1.0)
    return low - room, high + room
