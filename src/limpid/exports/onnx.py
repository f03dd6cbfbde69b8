"""A model as ONNX: raw inputs in, labels and probabilities or numbers out; its metadata hold rows to test it by."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError
from limpid.exports.onnx_graph import FORMAT, OPSET, Graph, onnx
from limpid.exports.onnx_inputs import inputs, opsets
from limpid.exports.onnx_network import layers
from limpid.exports.onnx_outputs import ALLOWED, names, outputs
from limpid.exports.subject import VERSION, Subject
from limpid.model_file import plain

KEY = "limpid.self_test"
"""Of the metadata that hold the rows."""
LARGEST_FILE = 2**31 - 2**20
"""In bytes: protobuf's limit, less what is not parameters."""


def paths(path: Path) -> list[Path]:
    """The one file. Errors: `LimpidError` for another suffix than .onnx, and where onnx is not installed."""
    onnx()
    if path.suffix != ".onnx":
        raise LimpidError(f"an export to ONNX must have a name that ends in .onnx, got {path.name!r}")
    return [path]


def files(subject: Subject, path: Path) -> dict[Path, bytes]:
    """The file at `path` and its content, checked by onnx, and by onnxruntime where that is installed.

    Errors: `LimpidError` where onnx is not installed, for a network that is too large.
    """
    if subject.network.count() * np.dtype(subject.dtype).itemsize > LARGEST_FILE:
        raise LimpidError(f"an ONNX file holds less than 2 GiB; {subject.network.count():,} parameters are too many")
    content = _model(subject).SerializeToString()
    if find_spec("onnxruntime"):
        self_test(content)
    return {path: content}


def self_test(source: str | Path | bytes) -> float:
    """Answer the rows that an exported ONNX file carries with onnxruntime.

    `source` is the file's path or content. Returns the largest difference from limpid's answers, in units of what is
    allowed. Errors: `LimpidError` where onnxruntime is not installed, the file is no export of limpid's, or it
    answers something else.
    """
    try:
        import onnxruntime
    except ImportError:
        raise LimpidError("ONNX files are tested with onnxruntime: pip install onnxruntime") from None
    given = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        session = onnxruntime.InferenceSession(given, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no public base class
        raise LimpidError(f"onnxruntime cannot read the ONNX file: {error}") from None
    told = session.get_modelmeta().custom_metadata_map.get(KEY)
    if told is None:
        raise LimpidError("the ONNX file carries no rows of limpid's to test it by")
    test = json.loads(told)
    kinds = {"tensor(string)": object, "tensor(float)": np.float32, "tensor(double)": np.float64}
    feeds = {each.name: np.array(test["inputs"][each.name], kinds[each.type]) for each in session.get_inputs()}
    answered = [each.name for each in session.get_outputs()]
    got = zip(answered, session.run(answered, feeds), strict=True)
    worst = max(_difference(numbers, test["expected"][name]) for name, numbers in got)
    if worst > 1:
        raise LimpidError(
            f"onnxruntime's answers differ from limpid's by {worst * ALLOWED:.3g}, allowed are {ALLOWED:g}"
        )
    return worst


def _difference(got: NDArray[Any], expected: dict[str, Any]) -> float:
    """How far numbers are off, in units of what is allowed; labels are right (0) or infinitely wrong."""
    if "labels" in expected:
        pairs = zip(got.ravel().tolist(), np.ravel(expected["labels"]).tolist(), strict=True)
        wrong = any(wanted is not None and label != wanted for label, wanted in pairs)
        return float("inf") if wrong else 0.0
    wanted, allowed = (np.array(expected[name], np.float64) for name in ("numbers", "allowed"))
    off = np.abs(got.astype(np.float64).reshape(wanted.shape) - wanted) / allowed
    return float(np.nan_to_num(off, nan=np.inf)[np.isfinite(wanted)].max(initial=0))


def _model(subject: Subject) -> Any:
    graph = Graph(subject.dtype, set(names(subject)))
    x, rows = inputs(graph, subject)
    expected = outputs(graph, subject, layers(graph, subject, x))
    helper = onnx().helper
    model = helper.make_model(
        helper.make_graph(graph.nodes, "limpid", graph.inputs, graph.outputs, graph.constants),
        producer_name="limpid",
        producer_version=VERSION,
        doc_string=f"A network that limpid learned: {subject.network}.",
        opset_imports=[helper.make_opsetid(*each) for each in [("", OPSET), *opsets(subject)]],
        ir_version=FORMAT,
    )
    helper.set_model_props(model, {KEY: json.dumps(plain({"inputs": rows, "expected": expected}))})
    onnx().checker.check_model(model, full_check=True)
    return model
