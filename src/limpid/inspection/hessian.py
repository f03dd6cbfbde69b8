"""The cost around where a model is: its slope along all that is learned, and the ends of its curvature.

The Hessian itself is never formed: `curvature` gives its products, Lanczos's method its lowest and highest eigenvalue.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.curvature import Curvature
from limpid.engines import Examples
from limpid.inspection.flat import Flat
from limpid.inspection.subject import Floats
from limpid.network import Network, Parameters, kind_and_layer
from limpid.objective import parts_of, weight_of


class Surroundings:
    """The average cost of `examples` plus pull / 2 |W|^2, where the parameters are."""

    def __init__(self, network: Network, parameters: Parameters, examples: Examples, pull: float = 0.0) -> None:
        """The parameters' dtype, float32 or float64, is computed in."""
        self.network, self.parameters, self._examples = network, parameters, examples
        self._numbers = Flat.of(network)
        self.pulled = pull * np.concatenate(
            [np.full(marks.sum(), network.decays(name)) for name, marks in self._numbers.learned.items()]
        )
        self.place = self.flat(parameters)
        weigh = [weight_of(part) for part in parts_of(examples)]
        self._parts = [
            (weight / sum(weigh), Curvature(network, parameters, *part))
            for weight, part in zip(weigh, parts_of(examples), strict=True)
        ]
        slopes = [share * self.flat(part.slopes) for share, part in self._parts]
        self.slope: Floats = np.sum(slopes, axis=0) + self.pulled * self.place
        """(learned numbers,): of cost and penalty."""

    def times(self, direction: NDArray[Any]) -> NDArray[Any]:
        """The Hessian times `direction`, both (learned numbers,)."""
        named = self.named(direction)
        parts = [share * self.flat(part.times(named)) for share, part in self._parts]
        found: NDArray[Any] = np.sum(parts, axis=0) + self.pulled * direction
        return found

    def flat(self, parameters: Parameters) -> NDArray[Any]:
        """All numbers that are learned, one after the other."""
        return self._numbers.vector(parameters)

    def named(self, numbers: NDArray[Any]) -> Parameters:
        """The same as arrays named like the parameters, with 0 for what is not learned."""
        return self._numbers.parameters(numbers)

    def moved(self, by: NDArray[Any]) -> Parameters:
        """The parameters, moved by (learned numbers,)."""
        return {name: self.parameters[name] + step for name, step in self.named(by).items()}

    def of_layers(self, numbers: NDArray[Any]) -> Floats:
        """(layers,): the Euclidean norm of each layer's part of (learned numbers,)."""
        squares = np.zeros(len(self.network.layers))
        for name, part in self.named(numbers).items():
            squares[kind_and_layer(name)[1] - 1] += float(np.sum(np.square(part, dtype=float)))
        return np.sqrt(squares)


class Ends(NamedTuple):
    """The lowest and the highest eigenvalue of a symmetric matrix, as far as they were found."""

    values: Floats
    """(2,): the lowest is not above the first, the highest not below the second."""
    errors: Floats
    """(2,): within so much of each there is an eigenvalue; a residual |Hv - value v|."""
    vectors: NDArray[Any]
    """(2, numbers): of length 1."""
    products: int
    """With the matrix, that were made."""


def ends_of(times: Callable[[NDArray[Any]], NDArray[Any]], start: NDArray[Any], most: int, tolerance: float) -> Ends:
    """Lanczos's method with full reorthogonalisation (Golub, Van Loan 2013, section 10.3.1) from `start` (numbers,).

    It makes `most` products, or as many as bring both errors down to `tolerance` times the larger value.
    """
    most = min(most, len(start))
    basis = np.empty((most, len(start)), start.dtype)
    basis[0] = start / np.linalg.norm(start)
    diagonal, beside = np.zeros(most), np.zeros(most)
    for step in range(most):
        found = times(basis[step])
        diagonal[step] = float(found @ basis[step])
        for _ in range(2):  # once leaves what rounding brought in
            found = found - (basis[: step + 1] @ found) @ basis[: step + 1]
        beside[step] = float(np.linalg.norm(found))
        values, vectors = np.linalg.eigh(_tridiagonal(diagonal[: step + 1], beside[:step]))
        errors = beside[step] * np.abs(vectors[-1, [0, -1]])
        scale = float(np.abs(values).max())
        last = step + 1 == most or beside[step] <= np.finfo(start.dtype).eps * scale
        if last or errors.max() <= tolerance * scale:
            break
        basis[step + 1] = found / beside[step]
    return Ends(values[[0, -1]], errors, vectors[:, [0, -1]].T.astype(start.dtype) @ basis[: step + 1], step + 1)


def _tridiagonal(diagonal: Floats, beside: Floats) -> Floats:
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
