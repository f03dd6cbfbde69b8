"""What an exported model answers, in ONNX: labels and probabilities, or predictions; and what the self-test expects."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError
from limpid.exports.onnx_graph import Graph
from limpid.exports.subject import Subject
from limpid.groups import columns_of
from limpid.model_file import plain

ALLOWED = 1e-5
"""By how much a probability may differ; a number by as much of itself or of its scale.

More only where rounding to the network's precision costs limpid itself more: its sums in another order are off as much.
"""
TOO_CLOSE = 1e-4
"""Labels are not compared where the outputs that decide are so near to each other."""
WHOLE = np.int64


def names(subject: Subject) -> list[str]:
    """What the graph's outputs are called."""
    if subject.model.task == "regression":
        return ["prediction"]
    several = len(subject.model.several_classes)
    labels = [f"label_{at}" for at in range(1, several + 1)] or ["label"]
    return [*labels, subject.told]


def outputs(graph: Graph, subject: Subject, made: str) -> dict[str, Any]:
    """Give out what `made`, the network's outputs (rows, outputs), come to; what is expected of each by its name."""
    numbers = subject.numbers
    if subject.model.task == "regression":
        _predictions(graph, subject, made)
        allowed = _allowed(subject) * np.maximum(np.abs(numbers), np.abs(subject.model.target_scaling.scale))
        return {"prediction": _expected(numbers, allowed)}
    *labels, told = names(subject)
    if subject.model.task == "multilabel":
        columns = subject.network.outputs
        graph.output("label", _likely(graph, made), WHOLE, columns, ", ".join(subject.model.targets) or "0 or 1 each")
    else:
        _classes(graph, subject, made, labels)
    graph.output(told, _probabilities(graph, subject, made), graph.dtype, numbers.shape[1], "")
    return _labels(subject, labels) | {told: _expected(numbers, np.full(numbers.shape, _allowed(subject)))}


def _predictions(graph: Graph, subject: Subject, made: str) -> None:
    scaling, count = subject.model.target_scaling, subject.network.outputs
    numbers = graph.cast(made, np.float64)
    numbers = graph.node("Mul", numbers, graph.constant(scaling.scale, np.float64))
    numbers = graph.node("Add", numbers, graph.constant(scaling.shift, np.float64))
    if count == 1:
        numbers = graph.node("Squeeze", numbers, graph.constant([1], WHOLE))
    graph.output("prediction", numbers, np.float64, None if count == 1 else count, ", ".join(subject.model.targets))


def _classes(graph: Graph, subject: Subject, made: str, labels: list[str]) -> None:
    """The likeliest class of each answer."""
    model = subject.model
    classes = model.several_classes or ((model.classes,) if model.classes is not None else ())
    parts = graph.split(made, [len(each) for each in classes]) if len(classes) > 1 else [made]
    for at, (name, each, part) in enumerate(zip(labels, classes, parts, strict=True)):
        if subject.network.outputs == 1:
            code = graph.node("Squeeze", _likely(graph, part), graph.constant([1], WHOLE))
        else:
            code = graph.node("ArgMax", part, axis=1, keepdims=0)
        kind = _kind(each)
        label = graph.node("Gather", graph.constant(each.astype(kind), kind, "classes"), code)
        graph.output(name, label, kind, None, model.targets[at] if at < len(model.targets) else "")


def _likely(graph: Graph, made: str) -> str:
    """1 where above a half, else 0."""
    return graph.cast(graph.node("Greater", made, graph.constant(0.5)), WHOLE)


def _probabilities(graph: Graph, subject: Subject, made: str) -> str:
    if subject.shares:
        total = graph.node("ReduceSum", made, graph.constant([1], WHOLE), keepdims=1)
        some = graph.node("Greater", total, graph.constant(0))
        share = graph.node("Div", made, graph.node("Where", some, total, graph.constant(1)))
        return graph.node("Where", some, share, graph.constant(1 / subject.network.outputs))
    if subject.network.outputs == 1 and subject.model.task == "classification" and subject.gives_probabilities:
        return graph.node("Concat", graph.node("Sub", graph.constant(1), made), made, axis=1)
    return made


def _kind(classes: NDArray[Any]) -> Any:
    """The dtype that labels have in ONNX. Errors: `LimpidError` where there is none."""
    if classes.dtype.kind in "UO" and all(isinstance(label, str) for label in classes.tolist()):
        return str
    kinds = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}
    if classes.dtype.kind not in kinds:
        raise LimpidError(f"labels of ONNX are texts, whole numbers, numbers or truth values, got {classes[0]!r}")
    return kinds[classes.dtype.kind]


def _allowed(subject: Subject) -> float:
    return max(ALLOWED, 4 * subject.rounding)


def _expected(numbers: NDArray[Any], allowed: NDArray[np.float64]) -> dict[str, Any]:
    return {"numbers": plain(numbers.tolist()), "allowed": plain(allowed.tolist())}


def _labels(subject: Subject, labels: list[str]) -> dict[str, Any]:
    """The labels of each answer; null where the outputs hardly decide."""
    found = subject.outputs
    sizes = [len(classes) for classes in subject.model.several_classes] or [found.shape[1]]
    if subject.model.task == "multilabel" or found.shape[1] == 1:
        close = np.abs(found - 0.5) < TOO_CLOSE
    else:
        best = [np.sort(part, axis=1)[:, -2:] for part in columns_of(sizes, found)]
        close = np.stack([pair[:, 1] - pair[:, 0] < TOO_CLOSE for pair in best], axis=1)
    told = np.array(subject.labels, object)
    told[close] = None
    if len(labels) == 1:
        return {"label": {"labels": told.tolist()}}
    return {name: {"labels": told[:, at].tolist()} for at, name in enumerate(labels)}
