"""Whether the slope is zero where training ended, and what lies there: a minimum, a saddle, or level ground.

The slope is checked against differences of the cost itself, and the ground's curvature by the ends of the Hessian's
spectrum: below 0 there is a way down that the slope does not show.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.arguments import draws_from, is_between
from limpid.inspection.hessian import Ends, Surroundings, ends_of
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject
from limpid.inspection.trained import Trained, as_trained, cost_elsewhere
from limpid.memory import SMALL, memory_available
from limpid.network import Parameters

LEVEL = 1e-3
"""A slope of at most this counts as zero, where the model's own recipe does not say which."""
TOLERANCE = 1e-4
"""Curvatures of at most this share of the largest count as zero, and are found to about as much."""
MOST_PRODUCTS = 100
STEP = 1e-5
"""Of a central difference: with float64's 16 digits about 1e-10 is lost to it either way."""
IN_FLOAT64 = 2e7
"""Learned numbers times rows: of more the curvature is computed in float32, which changes it by about 1e-5 of the
largest."""
POINTS = 21


@dataclass
class Slope(Result):
    """The ground where a model is: cost and penalty, as it was trained, over all rows given."""

    subject: Subject
    cost: float
    """Averaged over the rows, without the penalty."""
    penalty: float
    norm: float
    """Of the slope of both, along all that is learned: what the cost falls by in a small step of length 1."""
    layer_norms: Floats
    """(layers,): the norm of each layer's part."""
    differences: Floats
    """(directions,): central difference minus slope, along the slope itself and random ones, divided by `norm`."""
    curvatures: Floats
    """(2,): the lowest and the highest eigenvalue of the Hessian. The lowest is an upper bound of the true one."""
    errors: Floats
    """(2,): within so much of each there is an eigenvalue."""
    lowest: Parameters
    """The direction of the lowest curvature, of length 1, named and shaped like the parameters."""
    highest: Parameters
    """That of the highest."""
    distances: Floats
    """(points,) from where the model is, along either."""
    along_lowest: Floats
    """(points,): cost and penalty there."""
    along_highest: Floats
    """(points,)."""
    level: float
    """A slope of at most this counts as zero."""

    @property
    def tolerance(self) -> float:
        """Curvatures of at most this size count as zero."""
        return TOLERANCE * float(np.abs(self.curvatures).max())

    @property
    def checked(self) -> float:
        """The largest of `differences`."""
        return float(np.abs(self.differences).max())

    @property
    def verdict(self) -> str:
        """ "still descending", "saddle", "minimum", or "flat" where a minimum is not certified."""
        if self.norm > self.level:
            return "still descending"
        if self.curvatures[0] < -self.tolerance:
            return "saddle"
        return "minimum" if self.curvatures[0] - self.errors[0] > self.tolerance else "flat"

    @property
    def words(self) -> str:
        low, high = self.curvatures
        pieces = any(layer.function.kinks for layer in self.subject.network.layers)
        within = ", within this piece: where a neuron switches on or off another one begins" if pieces else ""
        told = {
            "still descending": (
                f"The slope is {self.norm:.2g}, not zero (at most {self.level:g} would count): training ended while "
                f"the cost still descended."
            ),
            "saddle": (
                f"The slope is zero ({self.norm:.1g}), but this is a saddle: there is a direction in which the cost "
                f"bends down{within}."
            ),
            "flat": (
                f"The slope is zero ({self.norm:.1g}) and nothing bends down, but some direction is flat: a minimum "
                f"is not certified{within}."
            ),
            "minimum": f"The slope is zero ({self.norm:.1g}) and every direction leads up: a local minimum{within}.",
        }[self.verdict]
        largest = int(self.layer_norms.argmax()) + 1
        return (
            f"{told} Curvature goes from {low:.2g} to {high:.2g}. The slope is largest in "
            f"{self.subject.called(largest)} ({self.layer_norms.max():.2g}); measured differences of the cost "
            f"agree with it to {self.checked:.0e} of its size."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        layers = [
            (f"slope of {self.subject.called(number)}", float(norm))
            for number, norm in enumerate(self.layer_norms, start=1)
        ]
        rows = [
            ("slope", self.norm),
            ("lowest curvature", float(self.curvatures[0])),
            ("highest curvature", float(self.curvatures[1])),
            *layers,
            ("slope against differences", self.checked),
            ("cost", self.cost),
            ("penalty", self.penalty),
        ]
        return [{"what": what, "value": value} for what, value in rows]

    def _draw(self, ax: Any) -> None:
        low, high = self.curvatures
        ax.plot(self.distances, self.along_lowest, color=ORANGE, label=f"where it bends least ({low:.2g})")
        ax.plot(self.distances, self.along_highest, color=BLUE, ls="--", label=f"where it bends most ({high:.2g})")
        ax.plot([0], [self.cost + self.penalty], "o", color="black", label="the model")
        ax.set(xlabel="distance from the model's weights", ylabel="cost and penalty", title=self.verdict)
        ax.legend()


def slope(
    model: Any,
    X: Any,
    y: ArrayLike,
    directions: int = 3,
    random: int | np.random.Generator | np.random.RandomState = 0,
    level: float | None = None,
    products: int = MOST_PRODUCTS,
) -> Slope:
    """The slope-zero certificate of a model for rows X (rows, inputs) that it learned from, with answers y.

    It is about the cost that was descended on, with its penalty, smoothed labels and balanced classes where the model
    knows of them, without dropout. `directions` random ones, and the slope itself, are checked by central differences.
    A slope of at most `level` counts as zero; None is what training was asked for as `gradient_tol`, else 0.001.

    The curvature comes of at most so many `products` with the Hessian (Pearlmutter 1994), in float64 for up to 20
    million learned numbers times rows, else in float32; 2,000 rows of MNIST at 784-128-64-10 take 1 to 4 s on two
    cores. Where neurons have kinks, as relu has, it is that of the piece around the model. Errors: `LimpidError` where
    X or y do not fit, for a number out of range, or where the products need more memory than there is.
    """
    for what, number in (("directions", directions), ("products", products)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise LimpidError(f"the number of {what} must be an integer of at least 1, got {number!r}")
    if level is not None and not is_between(level, 0, np.inf):
        raise LimpidError(f"level must be a finite number above 0, got {level!r}")
    subject, draws = Subject.of(model), draws_from(random)
    _check_memory(subject, products)
    trained = as_trained(subject, X, y)
    around = Surroundings(subject.network, subject.parameters, trained.examples, trained.pull)
    ends = _ends(subject, trained, around, draws, products)
    low, high = map(around.named, ends.vectors.astype(np.float64))
    distances, curves = _curves(subject, trained, ends.values, (low, high))
    return Slope(
        subject,
        trained.cost(subject.parameters),
        trained.penalty(subject.parameters),
        float(np.linalg.norm(around.slope)),
        around.of_layers(around.slope),
        _differences(trained, around, int(directions), draws),
        ends.values,
        ends.errors,
        low,
        high,
        distances,
        curves[0],
        curves[1],
        level or subject.given.origin.recipe.get("gradient_tol") or LEVEL,
    )


def _ends(subject: Subject, trained: Trained, around: Surroundings, draws: np.random.Generator, products: int) -> Ends:
    start = draws.normal(size=len(around.place))
    rows = len(trained.examples.Y)
    if rows * len(start) > IN_FLOAT64:
        examples = trained.in_precision(np.float32).examples
        rounded = {name: array.astype(np.float32) for name, array in subject.parameters.items()}
        around, start = Surroundings(subject.network, rounded, examples, trained.pull), start.astype(np.float32)
    return ends_of(around.times, start, products, TOLERANCE)


def _check_memory(subject: Subject, products: int) -> None:
    """Lanczos's method keeps a vector of all numbers for each product."""
    numbers, free = subject.network.count(), memory_available()
    needed = 4 * products * numbers
    if free is not None and needed > max(free, SMALL):
        fits = max(1, int(0.5 * free / (4 * numbers)))
        raise LimpidError(
            f"the curvature of {numbers:,} numbers by {products} products needs about {needed / 1e9:.1f} GB of memory, "
            f"{free / 1e9:.1f} GB are available: products={fits} is less exact and fits"
        )


def _differences(trained: Trained, around: Surroundings, directions: int, draws: np.random.Generator) -> Floats:
    """(directions + 1,): along the slope itself first; divided by its norm."""
    norm = float(np.linalg.norm(around.slope))
    drawn = draws.normal(size=(directions, len(around.place)))
    found = []
    for direction in [around.slope, *drawn] if norm else drawn:
        direction = direction / np.linalg.norm(direction)
        up, down = (trained.whole(around.moved(sign * STEP * direction)) for sign in (1.0, -1.0))
        found.append((up - down) / (2 * STEP) - around.slope @ direction)
    return np.array(found) / (norm or 1.0)


def _curves(
    subject: Subject, trained: Trained, curvatures: Floats, directions: tuple[Parameters, Parameters]
) -> tuple[Floats, list[Floats]]:
    """So far that the cost about doubles where it bends most; in the model's own precision, by its own engine."""
    cost = cost_elsewhere(subject, trained)
    reach = sqrt(2 * max(trained.cost(subject.parameters), 1e-6) / (float(np.abs(curvatures).max()) or 1.0))
    distances = np.linspace(-reach, reach, POINTS)

    def along(direction: Parameters, distance: float) -> float:
        return cost({name: array + distance * direction[name] for name, array in subject.parameters.items()})

    return distances, [np.array([along(direction, each) for each in distances]) for direction in directions]
