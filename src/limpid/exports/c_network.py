"""A network's layers in C: its parameters as tables, and the function that takes inputs to outputs."""

from collections.abc import Iterator

from limpid.exports.arithmetic import plain_from
from limpid.exports.c_text import array, number
from limpid.exports.subject import Subject, after_sums
from limpid.network import Layer


def parameters(subject: Subject) -> Iterator[str]:
    """A table for each array."""
    for name, values in subject.arrays.items():
        yield array("real", name, [number(value) for value in values.ravel()])


def sections(subject: Subject) -> set[str]:
    """What the layers need of the runtime."""
    found = {"sums"}
    for layer in subject.network.layers:
        found |= {layer.function.kind} - {"identity"}
        found |= {f"over_{layer.normalization}", "rescale"} if layer.normalization else set()
    return found


def function(subject: Subject) -> str:
    """From `x` to `outputs`."""
    layers = list(enumerate(subject.network.layers, start=1))
    over_layer = [layer.units for _, layer in layers if layer.normalization == "layer"]
    rooms = [f"a{number}[{layer.units}]" for number, layer in layers[:-1]]
    rooms += [f"squares[{max(over_layer)}]"] if over_layer else []
    lines = [f"real {', '.join(rooms)};"] if rooms else []
    for at, layer in layers:
        source, to = "x" if at == 1 else f"a{at - 1}", "outputs" if at == len(layers) else f"a{at}"
        fan_in, plain = subject.network.widths[at - 1], number(plain_from(subject.arrays[f"W{at}"]))
        lines.append(f"sums({source}, {fan_in}, W{at}, b{at}, {layer.units}, {plain}, {to});")
        lines += _after_sums(layer, at, to)
    body = "\n".join(f"    {line}" for line in lines)
    return f"static void network(const real *x, real *outputs)\n{{\n{body}\n}}\n"


def _after_sums(layer: Layer, at: int, to: str) -> Iterator[str]:
    """What a layer does with its sums, which lie in `to`."""
    units = layer.units
    for step, first, size in after_sums(layer):
        yield {
            "over_batch": f"over_batch({to}, mean{at}, scale{at}, {units});",
            "over_layer": f"over_layer({to}, squares, {units});",
            "rescale": f"rescale({to}, gamma{at}, beta{at}, {units});",
            "softmax": f"softmax({to} + {first}, {size});",
        }.get(step, f"for (int u = 0; u < {units}; ++u) {to}[u] = {step}_of({to}[u]);")
