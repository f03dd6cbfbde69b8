"""Is the slope zero? The gradient's norm layer by layer, checked, and whether the ground curves up or down there."""

from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limpid.curvature import hessian_product
from limpid.displays import BLUE
from limpid.engines import Examples, find_engine
from limpid.errors import LimpidError
from limpid.inspection.flat import Flat
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject
from limpid.network import Parameters
from limpid.objective import ROWS_AT_ONCE, evaluate, whole_gradients

LEVEL = 1e-3
"""A gradient of at most this norm counts as zero where nothing else is said."""
NOISE, NOISE_OF_LANCZOS = 1e-6, 1e-2
"""An eigenvalue below this share of the largest counts as zero. What Lanczos finds can only be above the smallest."""
STEP = 1e-4
"""Of the finite differences, along a direction of length 1."""
LARGEST_DENSE, DENSE_ANYWAY = 4_000, 300
"""Parameters of which the Hessian can be formed, in 128 MB and some minutes; and of which it is where nobody says."""
LANCZOS_TOLERANCE = 1e-2


@dataclass
class Slope(Result):
    """A certificate of where training ended: slope and curvature of cost and penalty, over the rows given."""

    norm: float
    """Of the whole gradient."""
    layers: Floats
    """(layers,) the norm of each layer's part."""
    names: list[str]
    """Of the layers."""
    difference: float
    """The most by which the gradient along a random direction is off the cost's central difference, as a share of its
    norm."""
    smallest: float
    """Eigenvalue of the Hessian: the least curvature."""
    largest: float
    """Eigenvalue of the Hessian: the most curvature."""
    eigenvalues: Floats | None
    """All of them, ascending, where the Hessian was small enough to be formed."""
    level: float
    """Up to which norm the slope counts as zero."""
    piecewise: bool
    """Whether activations have kinks, so that all this holds within one linear piece."""
    cost: float
    rows: int

    @property
    def verdict(self) -> str:
        """ "still descending", "saddle", "flat" or "minimum"."""
        if self.norm > self.level:
            return "still descending"
        share = NOISE_OF_LANCZOS if self.eigenvalues is None else NOISE
        noise = share * max(abs(self.smallest), abs(self.largest))
        return "saddle" if self.smallest < -noise else "flat" if self.smallest <= noise else "minimum"

    @property
    def words(self) -> str:
        meaning = {
            "still descending": f"the slope is not zero: the best step down would lower the cost {self._gain}",
            "saddle": "the slope is zero, but some directions go down from here: a saddle, not a minimum",
            "flat": "the slope is zero and some directions are flat: a minimum is not certified",
            "minimum": "the slope is zero and every direction goes up: a local minimum",
        }
        piece = " Within this linear piece, that is: its activations have kinks." if self.piecewise else ""
        return (
            f"Over {self.rows:,} rows the gradient has the norm {self.norm:.3g}, and {meaning[self.verdict]}. "
            f"Curvature goes from {self.smallest:.3g} to {self.largest:.3g}. "
            f"Finite differences agree with the gradient to {self.difference:.1g} of it.{piece}"
        )

    @property
    def _gain(self) -> str:
        gain = self.norm**2 / (2 * self.largest) if self.largest > 0 else np.inf
        return f"from {self.cost:.4g} by about {min(gain, self.cost):.2g}"

    def to_rows(self) -> list[dict[str, Any]]:
        return [{"layer": name, "norm": float(norm)} for name, norm in zip(self.names, self.layers, strict=True)]

    def _draw(self, ax: Any) -> None:
        ax.bar(self.names, self.layers, color=BLUE)
        ax.axhline(self.level, color="grey", linestyle=":")
        ax.set(yscale="log", ylabel="norm of the gradient", title=self.verdict)


def slope(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    method: str | None = None,
    level: float = LEVEL,
    directions: int = 5,
    random: int | np.random.Generator = 0,
) -> Slope:
    """The slope and the curvature of the cost of rows X with answers y, and of the penalty that training added.

    Whether the slope is zero where training ended is asked of the rows that it learned from; a sample of them answers
    for curvature, and for the slope up to the sample's noise. `method` "lanczos" finds the smallest and the largest
    eigenvalue to a hundredth by products with the Hessian, "dense" forms all of it; None is the latter for small
    networks. The gradient is compared with the cost's differences along so many `directions`. A slope of at most
    `level` counts as zero.

    Errors: `LimpidError` for rows that do not fit, or a network too large for a dense Hessian.
    """
    subject, generator = Subject.of(model), np.random.default_rng(random)
    flat = Flat.of(subject.network)
    method = method or ("dense" if flat.size <= DENSE_ANYWAY else "lanczos")
    if method not in {"lanczos", "dense"}:
        raise LimpidError(f"the method must be 'lanczos' or 'dense', got {method!r}")
    if method == "dense" and flat.size > LARGEST_DENSE:
        raise LimpidError(
            f"the dense Hessian of {flat.size:,} parameters takes {8 * flat.size**2 / 1e9:.1f} GB; "
            f"up to {LARGEST_DENSE:,} it is formed: choose method='lanczos'"
        )
    examples = subject.examples(X, y)
    ground = Ground(subject, examples, _penalty(subject))
    gradient = ground.gradient(subject.parameters)
    vector = flat.vector(gradient)
    eigenvalues = _dense(ground, flat) if method == "dense" else _ends(ground, flat, generator)
    layers = range(1, subject.depth + 1)
    return Slope(
        norm=float(np.linalg.norm(vector)),
        layers=np.array([_norm_of(flat, gradient, layer) for layer in layers]),
        names=[subject.layer_name(layer) for layer in layers],
        difference=_difference(ground, flat, vector, directions, generator),
        smallest=float(eigenvalues[0]),
        largest=float(eigenvalues[-1]),
        eigenvalues=eigenvalues if method == "dense" else None,
        level=level,
        piecewise=any(layer.function.kinks for layer in subject.network.layers),
        cost=ground.cost(subject.parameters),
        rows=len(examples.Y),
    )


@dataclass(frozen=True)
class Ground:
    """What is descended on: the average cost of some rows, and a penalty on weights."""

    subject: Subject
    examples: Examples
    penalty: float
    """p in p / 2 |W|^2."""

    def cost(self, parameters: Parameters) -> float:
        """With the penalty."""
        found = evaluate(find_engine("reference"), self.subject.network, parameters, self.examples)[0]
        decayed = [name for name in parameters if self.subject.network.decays(name)]
        return found + 0.5 * self.penalty * sum(float((parameters[name] ** 2).sum()) for name in decayed)

    def gradient(self, parameters: Parameters) -> Parameters:
        """Of the cost with the penalty."""
        rows = len(self.examples.Y)
        engine, network = find_engine("reference"), self.subject.network
        return whole_gradients(engine, network, parameters, self.examples, self.penalty * rows).parameters

    def product(self, direction: Parameters) -> Parameters:
        """The Hessian times a direction."""
        network, parameters, rows = self.subject.network, self.subject.parameters, len(self.examples.Y)
        total = {name: np.zeros(shape) for name, shape in network.shapes().items()}
        for start in range(0, rows, ROWS_AT_ONCE):
            X, Y = self.examples.X[start : start + ROWS_AT_ONCE], self.examples.Y[start : start + ROWS_AT_ONCE]
            share = len(Y) / rows
            some = hessian_product(network, parameters, X, Y, direction, l2=self.penalty * len(Y))
            total = {name: array + share * some[name] for name, array in total.items()}
        return total


def _penalty(subject: Subject) -> float:
    """What l2 comes to: l2 / (2 rows of a batch) |W|^2, which is alpha in scikit-learn's words."""
    recipe, rows = subject.given.origin.recipe, max(1, subject.given.origin.rows_train)
    l2, size = recipe.get("l2", recipe.get("alpha")) or 0.0, recipe.get("batch_size")
    if recipe.get("solver") == "lbfgs" or recipe.get("optimizer") == "lbfgs":
        size = rows
    return float(l2) / min(200 if size == "auto" else size or rows, rows)


def _norm_of(flat: Flat, gradient: Parameters, layer: int) -> float:
    own = {name: array for name, array in gradient.items() if name.lstrip(ascii_letters) == str(layer)}
    return float(np.sqrt(sum(float((array[flat.learned[name]] ** 2).sum()) for name, array in own.items())))


def _difference(ground: Ground, flat: Flat, gradient: Floats, directions: int, random: np.random.Generator) -> float:
    worst, at = 0.0, ground.subject.parameters
    for _ in range(directions):
        drawn = random.normal(size=flat.size)
        drawn /= np.linalg.norm(drawn)
        along = flat.parameters(drawn)
        above = ground.cost({name: array + STEP * along[name] for name, array in at.items()})
        below = ground.cost({name: array - STEP * along[name] for name, array in at.items()})
        worst = max(worst, abs((above - below) / (2 * STEP) - float(gradient @ drawn)))
    return worst / (float(np.linalg.norm(gradient)) or 1.0)


def _ends(ground: Ground, flat: Flat, random: np.random.Generator) -> Floats:
    """The smallest and the largest eigenvalue (C. Lanczos 1950)."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    if flat.size < 10:
        return _dense(ground, flat)
    operator = LinearOperator(
        (flat.size, flat.size),
        lambda vector: flat.vector(ground.product(flat.parameters(np.ravel(vector)))),
        dtype=float,
    )
    start = random.normal(size=flat.size)
    found = [
        eigsh(operator, 1, which=which, v0=start, tol=LANCZOS_TOLERANCE, return_eigenvectors=False)[0]
        for which in ("SA", "LA")
    ]
    return np.array(found)


def _dense(ground: Ground, flat: Flat) -> Floats:
    """All eigenvalues, ascending."""
    columns = [flat.vector(ground.product(flat.parameters(row))) for row in np.eye(flat.size)]
    found: Floats = np.linalg.eigvalsh(np.array(columns))
    return found
