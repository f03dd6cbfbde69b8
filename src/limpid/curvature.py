"""Curvature: how every slope of the cost moves when the parameters move along a direction, without the Hessian.

The R-operator (Pearlmutter 1994, section 4): each line of `backprop` is differentiated along a direction V, on the way
forward and on the way back, at the cost of about two of these ways. What moves is called by its name with `_dot`.
Networks are at rest: nothing is dropped, and what is normalised over batches is so by running statistics.
"""

from array_api_compat import array_namespace

from limpid.activations import Activation, Array, Elementwise
from limpid.backprop import backward, forward, shares_of, through_normalization
from limpid.costs import Cost
from limpid.groups import by_group
from limpid.network import Network, Parameters, kind_and_layer
from limpid.normalization import Normalized, find_normalization


class Curvature:
    """The second derivative of the average cost of rows x (rows, inputs) with targets y (rows, outputs).

    `weights` (rows,) scale the rows' costs. `slopes` has the first, as `backprop.gradients`. A penalty is not part of
    it: its own is l2 times the direction.
    """

    def __init__(
        self, network: Network, parameters: Parameters, x: Array, y: Array, weights: Array | None = None
    ) -> None:
        self.network, self._parameters, self._y = network, parameters, y
        self._shares, _ = shares_of(y, weights)
        self._trace = forward(network, parameters, x)
        deltas, self.slopes = backward(network, parameters, self._trace, y, self._shares)
        self._of_n = [delta * parameters.get(f"gamma{number}", 1.0) for number, delta in enumerate(deltas, start=1)]
        self._deltas = deltas
        self._of_sums = [
            through_normalization(layer, parameters, self._trace, number, deltas[number - 1])[0]
            for number, layer in enumerate(network.layers, start=1)
        ]
        self._bent = [self._bend(number) for number in range(1, len(network.layers))]

    def times(self, direction: Parameters) -> Parameters:
        """The Hessian times a `direction`, both named and shaped like the parameters.

        Numbers that are not learned count as 0 in both: running statistics, and what is fixed in an embedding.
        """
        direction = _learned(self.network, direction)
        sums_dot, n_dot, z_dot, a_dot = self._forward(direction)
        found: Parameters = {}
        delta_dot = self._of_output(z_dot[-1], a_dot[-1])
        for number in range(len(self.network.layers), 0, -1):
            at = number - 1
            of_sums_dot, owned = self._through(number, direction, delta_dot, sums_dot[at], n_dot[at])
            W_dot = self._trace.a[at].T @ of_sums_dot
            found |= owned | {f"W{number}": W_dot}
            if number > 1:
                found[f"W{number}"] = W_dot + a_dot[at].T @ self._of_sums[at]
                of_a_dot = of_sums_dot @ self._parameters[f"W{number}"].T
                of_a_dot = of_a_dot + self._of_sums[at] @ direction[f"W{number}"].T
                derivative, bend = self._bent[at - 1]
                delta_dot = of_a_dot * derivative + bend * z_dot[at - 1]
        return _learned(self.network, {name: found.get(name, direction[name]) for name in self.network.shapes()})

    def _forward(self, direction: Parameters) -> tuple[list[Array], list[Array], list[Array], list[Array]]:
        """How sums, n_hat, z and a of each layer move; a[0], the inputs, do not."""
        sums_dot: list[Array] = []
        n_dot: list[Array] = []
        z_dot: list[Array] = []
        a_dot: list[Array] = [0.0]
        for number, layer in enumerate(self.network.layers, start=1):
            moved = self._trace.a[number - 1] @ direction[f"W{number}"] + direction[f"b{number}"]
            sums_dot.append(moved if number == 1 else moved + a_dot[-1] @ self._parameters[f"W{number}"])
            n_dot.append(sums_dot[-1])
            z_dot.append(sums_dot[-1])
            if layer.normalization is not None:
                normalized = self._normalized(number)
                n_dot[-1] = find_normalization(layer.normalization).backward(sums_dot[-1], normalized)
                z_dot[-1] = n_dot[-1] * self._parameters[f"gamma{number}"]
                z_dot[-1] = z_dot[-1] + normalized.n_hat * direction[f"gamma{number}"] + direction[f"beta{number}"]
            # each activation's Jacobian is symmetric: the way back through it is also the way forward
            a_dot.append(layer.function.backward(self._trace.z[number - 1], self._trace.a[number], z_dot[-1]))
        return sums_dot, n_dot, z_dot, a_dot

    def _of_output(self, z_dot: Array, a_dot: Array) -> Array:
        z, a, output = self._trace.z[-1], self._trace.a[-1], self.network.output
        return self._shares * _of_cost(self.network.cost_function, output, z, a, self._y, z_dot, a_dot)

    def _through(
        self, number: int, direction: Parameters, delta_dot: Array, sums_dot: Array, n_dot: Array
    ) -> tuple[Array, Parameters]:
        """How the blame for a layer's sums moves when that for its z does, and the slopes of all it owns but W."""
        xp, layer, delta = array_namespace(delta_dot), self.network.layers[number - 1], self._deltas[number - 1]
        if layer.normalization is None:
            return delta_dot, {f"b{number}": xp.sum(delta_dot, axis=0)}
        normalized, normalization = self._normalized(number), find_normalization(layer.normalization)
        of_n_dot = delta_dot * self._parameters[f"gamma{number}"] + delta * direction[f"gamma{number}"]
        of_sums_dot = normalization.backward_along(self._of_n[number - 1], of_n_dot, sums_dot, normalized)
        owned = {
            "gamma": xp.sum(delta_dot * normalized.n_hat + delta * n_dot, axis=0),
            "beta": xp.sum(delta_dot, axis=0),
            "b": xp.sum(of_sums_dot, axis=0),
        }
        return of_sums_dot, {f"{kind}{number}": moved for kind, moved in owned.items()}

    def _normalized(self, number: int) -> Normalized:
        found = self._trace.normalized[number - 1]
        assert found is not None
        return found

    def _bend(self, number: int) -> tuple[Array, Array]:
        """f'(z) of a hidden layer, and dC/da f''(z): what its own bend adds as z moves."""
        activation, z, a = self.network.layers[number - 1].function, self._trace.z[number - 1], self._trace.a[number]
        assert isinstance(activation, Elementwise)
        of_a = self._of_sums[number] @ self._parameters[f"W{number + 1}"].T
        return activation.derivative(z, a), of_a * activation.second_derivative(z, a)


def _of_cost(cost: Cost, output: Activation, z: Array, a: Array, y: Array, z_dot: Array, a_dot: Array) -> Array:
    """How the outputs' blame dC/dz (`Cost.delta`) moves."""
    if cost.name == "cross_entropy":
        return by_group(
            output.groups, lambda moved, y: moved * array_namespace(y).sum(y, axis=-1, keepdims=True), a_dot, y
        )
    if output.kind == cost.matching:
        return a_dot
    of_a, of_a_dot = cost.derivative(a, y), cost.second_derivative(a, y) * a_dot
    if isinstance(output, Elementwise):
        return of_a_dot * output.derivative(z, a) + of_a * output.second_derivative(z, a) * z_dot
    return by_group(output.groups, _through_softmax, a, of_a, a_dot, of_a_dot)


def _through_softmax(a: Array, of_a: Array, a_dot: Array, of_a_dot: Array) -> Array:
    """The movement of a (of_a - sum a of_a)."""
    xp = array_namespace(a)
    total = xp.sum(a * of_a, axis=-1, keepdims=True)
    total_dot = xp.sum(a_dot * of_a + a * of_a_dot, axis=-1, keepdims=True)
    return a_dot * (of_a - total) + a * (of_a_dot - total_dot)


def _learned(network: Network, direction: Parameters) -> Parameters:
    """With 0 for what is not learned."""
    xp = array_namespace(direction["W1"])
    fixed = {name for name in direction if kind_and_layer(name)[0] in {"mean", "variance"}}
    found = {name: xp.zeros_like(array) if name in fixed else array for name, array in direction.items()}
    if network.embedding is not None:
        W, learned = found["W1"], xp.asarray(network.embedding.learned)
        found |= {"W1": xp.where(learned, W, xp.zeros_like(W)), "b1": xp.zeros_like(found["b1"])}
    return found
