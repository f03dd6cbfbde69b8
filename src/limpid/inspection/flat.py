"""All that is learned of a network as one long vector, and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.subject import Floats
from limpid.network import Network, Parameters, kind_and_layer


@dataclass(frozen=True)
class Flat:
    """Where each parameter lies in the vector; running statistics and what is fixed in an embedding are left out."""

    shapes: dict[str, tuple[int, ...]]
    learned: dict[str, NDArray[np.bool_]]
    """Which numbers of each array are in it."""

    @staticmethod
    def of(network: Network) -> "Flat":
        shapes = network.shapes()
        learned = {
            name: np.full(shape, kind_and_layer(name)[0] not in {"mean", "variance"}) for name, shape in shapes.items()
        }
        if network.embedding is not None:
            learned |= {"W1": network.embedding.learned, "b1": np.zeros(shapes["b1"], bool)}
        return Flat(shapes, learned)

    @property
    def size(self) -> int:
        return int(sum(which.sum() for which in self.learned.values()))

    def vector(self, parameters: Parameters) -> Floats:
        return np.concatenate([parameters[name][which] for name, which in self.learned.items()])

    def parameters(self, vector: Floats) -> Parameters:
        """0 where nothing is learned."""
        found, at = {}, 0
        for name, which in self.learned.items():
            found[name] = np.zeros(self.shapes[name], vector.dtype)
            found[name][which] = vector[at : at + which.sum()]
            at += int(which.sum())
        return found
