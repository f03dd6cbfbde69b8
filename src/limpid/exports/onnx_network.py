"""A network's layers as ONNX operations: those that runtimes have for float and for double alike."""

from collections.abc import Callable

from limpid.exports.onnx_graph import Graph
from limpid.exports.subject import Subject
from limpid.network import Layer
from limpid.normalization import EPSILON


def layers(graph: Graph, subject: Subject, x: str) -> str:
    """The name of the outputs (rows, outputs) for x (rows, inputs)."""
    for number, layer in enumerate(subject.network.layers, start=1):
        own = {kind: graph.constant(subject.model.parameters[f"{kind}{number}"], name=kind) for kind in layer.shapes(1)}
        z = graph.node("Gemm", x, own["W"], own["b"])
        if layer.normalization:
            z = _normalized(graph, layer, own, z)
        x = (
            _softmax(graph, layer, z)
            if layer.function.kind == "softmax"
            else ACTIVATIONS[layer.function.kind](graph, z)
        )
    return x


def _normalized(graph: Graph, layer: Layer, own: dict[str, str], sums: str) -> str:
    if layer.normalization == "batch":
        far, variance = graph.node("Sub", sums, own["mean"]), own["variance"]
    else:
        far = graph.node("Sub", sums, graph.node("ReduceMean", sums, axes=[1]))
        variance = graph.node("ReduceMean", graph.node("Mul", far, far), axes=[1])
    deviation = graph.node("Sqrt", graph.node("Add", variance, graph.constant(EPSILON)))
    scaled = graph.node("Mul", graph.node("Div", far, deviation), own["gamma"])
    return graph.node("Add", scaled, own["beta"])


def _softmax(graph: Graph, layer: Layer, z: str) -> str:
    groups = layer.function.groups
    if not groups:
        return graph.node("Softmax", z, axis=1)
    parts = graph.split(z, groups)
    return graph.node("Concat", *(graph.node("Softmax", part, axis=1) for part in parts), axis=1)


def _leaky_relu(graph: Graph, z: str) -> str:
    return graph.node("Max", z, graph.node("Mul", z, graph.constant(0.01)))


def _below_zero(graph: Graph, z: str) -> str:
    """e^z - 1 below zero, else 0."""
    grown = graph.node("Exp", graph.node("Min", z, graph.constant(0)))
    return graph.node("Sub", grown, graph.constant(1))


def _elu(graph: Graph, z: str) -> str:
    return graph.node("Add", graph.node("Relu", z), _below_zero(graph, z))


def _selu(graph: Graph, z: str) -> str:
    below = graph.node("Mul", _below_zero(graph, z), graph.constant(1.6732632423543772848))
    return graph.node("Mul", graph.node("Add", graph.node("Relu", z), below), graph.constant(1.0507009873554804934))


def _gelu(graph: Graph, z: str) -> str:
    near = graph.node("Clip", z, graph.constant(-10), graph.constant(10))
    cube = graph.node("Mul", near, graph.node("Mul", near, near))
    inner = graph.node("Add", near, graph.node("Mul", cube, graph.constant(0.044715)))
    t = graph.node("Tanh", graph.node("Mul", inner, graph.constant(0.7978845608028654)))
    half = graph.node("Mul", z, graph.constant(0.5))
    return graph.node("Mul", half, graph.node("Add", t, graph.constant(1)))


def _silu(graph: Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Sigmoid", z))


def _softplus(graph: Graph, z: str) -> str:
    decay = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    return graph.node("Add", graph.node("Relu", z), graph.node("Log", graph.node("Add", decay, graph.constant(1))))


def _mish(graph: Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Tanh", _softplus(graph, z)))


ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda graph, z: graph.node("Identity", z),
    "sigmoid": lambda graph, z: graph.node("Sigmoid", z),
    "tanh": lambda graph, z: graph.node("Tanh", z),
    "relu": lambda graph, z: graph.node("Relu", z),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
    "mish": _mish,
    "exp": lambda graph, z: graph.node("Exp", z),
}
"""Each activation that looks at one weighted sum at a time."""
