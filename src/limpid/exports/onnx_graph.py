"""An ONNX graph while it is built: each operation gets a name of its own for what it makes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from limpid.errors import LimpidError

OPSET = 13
"""Read by onnxruntime from 1.6 on (2020) and by nearly all other runtimes; later ones bring nothing that is needed."""
ML_OPSET = 2
"""The first whose LabelEncoder takes texts to whole numbers."""
FORMAT = 7
"""ONNX's version of the file that belongs to that opset."""


def onnx() -> Any:
    """The package. Errors: `LimpidError` where it is not installed."""
    try:
        import onnx
    except ImportError:
        raise LimpidError("ONNX files are written with onnx: pip install 'limpid[onnx]'") from None
    return onnx


def utf8(text: str) -> bytes:
    """`text` as ONNX has texts. Errors: `LimpidError` for half of a pair of surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise LimpidError(f"the text {text!r} cannot be exported to ONNX: it is no valid Unicode") from None


class Graph:
    """Nodes, constants, inputs and outputs so far; `dtype` is the network's."""

    def __init__(self, dtype: Any, taken: set[str]) -> None:
        """`taken` are the names that outputs will have."""
        self._onnx = onnx()
        self._taken = set(taken)
        self.dtype = np.dtype(dtype)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def fresh(self, name: str) -> str:
        """`name`, longer where something is called so already."""
        while not name or name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def node(self, operation: str, *inputs: str, domain: str = "", made: str = "", **attributes: Any) -> str:
        """The name of what `operation` makes of `inputs`: `made`, or one of its own."""
        made = made or self.fresh(f"{operation.lower()}{len(self.nodes)}")
        self.nodes.append(self._onnx.helper.make_node(operation, list(inputs), [made], domain=domain, **attributes))
        return made

    def constant(self, value: Any, dtype: Any = None, name: str = "constant") -> str:
        """The name of `value` as an array of `dtype`, the network's if not said; texts are texts."""
        array = np.asarray(value, dtype or self.dtype)
        name = self.fresh(f"{name}{len(self.constants)}")
        if array.dtype.kind in "UO":
            texts = [utf8(text) for text in array.ravel().tolist()]
            tensor = self._onnx.helper.make_tensor(name, self._onnx.TensorProto.STRING, array.shape, texts)
        else:
            tensor = self._onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        self.constants.append(tensor)
        return name

    def split(self, name: str, sizes: Sequence[int]) -> list[str]:
        """The names of neighbouring columns, so many each."""
        made = [self.fresh(f"split{len(self.nodes)}_{at}") for at in range(len(sizes))]
        inputs = [name, self.constant(sizes, np.int64)]
        self.nodes.append(self._onnx.helper.make_node("Split", inputs, made, axis=1))
        return made

    def cast(self, name: str, dtype: Any = None) -> str:
        """The name of the same in `dtype`, the network's if not said."""
        return self.node("Cast", name, to=self._type(dtype or self.dtype))

    def input(self, name: str, dtype: Any, columns: int, told: str) -> str:
        """The name of a new input (rows, columns); `told` says what it is."""
        name = self.fresh(utf8(name).decode())
        self.inputs.append(self._value(name, dtype, ["rows", columns], told))
        return name

    def output(self, name: str, made: str, dtype: Any, columns: int | None, told: str) -> None:
        """Give out `made`, (rows, columns) or (rows,), as `name`, one of those taken."""
        self.node("Identity", made, made=name)
        self.outputs.append(self._value(name, dtype, ["rows"] if columns is None else ["rows", columns], told))

    def _value(self, name: str, dtype: Any, shape: list[Any], told: str) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._type(dtype), shape, told)

    def _type(self, dtype: Any) -> int:
        kind = np.dtype(dtype)
        proto = self._onnx.TensorProto
        return int(proto.STRING if kind.kind in "UO" else self._onnx.helper.np_dtype_to_tensor_dtype(kind))
