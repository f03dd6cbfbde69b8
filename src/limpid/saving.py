"""Models into files and out of them: what a model holds as plain values and arrays, and every check on the way back."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid import model_file
from limpid.dataset import TASKS
from limpid.embedding import Embedding
from limpid.encoder import Scaling
from limpid.engines import State, find_engine
from limpid.errors import LimpidError, ModelFileError, listed
from limpid.framing import BACKGROUNDS, CENTRINGS, Framing
from limpid.model import Model, Origin
from limpid.network import Network
from limpid.table_encoder import TableEncoder
from limpid.training import Epoch


def save(model: Any, path: str | Path, optimizer_state: bool = False) -> None:
    """Write a `Model`, or a fitted estimator's, to `path`; an old file is replaced when the new one is complete.

    `optimizer_state` keeps where the descent stood, so that it can go on. Errors: `LimpidError` for what is not a
    model, or one whose numbers are not finite; `OSError` from the file system.
    """
    model = getattr(model, "model_", model)
    if not isinstance(model, Model):
        raise LimpidError(f"only a Model or a fitted estimator can be saved, got {type(model).__name__}")
    if model.classes is not None and len(model.classes) < 2:
        raise LimpidError(f"the model is not saved: it knows one class only, {model.classes[0]!s}")
    passed = {f"path.{at}.{name}": array for at, each in enumerate(model.path or ()) for name, array in each.items()}
    broken = [name for name, array in {**model.parameters, **passed}.items() if not np.isfinite(array).all()]
    if broken:
        raise LimpidError(f"the model is not saved: {listed(broken)} hold numbers that are not finite")
    arrays = {**model.parameters, **passed}
    for name, scaling in (("input", model.input_scaling), ("target", model.target_scaling)):
        arrays |= {f"{name}.shift": scaling.shift, f"{name}.scale": scaling.scale}
    state = model.state if optimizer_state else None
    if state:
        arrays |= {f"descent.{name}": array for name, array in state.parameters.items()}
        for slot, kept in state.slots.items():
            arrays |= {f"optimizer.{slot}.{name}": array for name, array in kept.items()}
    described = {
        "network": model.network.describe(),
        "task": model.task,
        "classes": None if model.classes is None else _describe_labels(model.classes),
        "encoder": model.encoder and model.encoder.describe(),
        "several_classes": [_describe_labels(classes) for classes in model.several_classes],
        "features": model.features,
        "targets": model.targets,
        "image_shape": model.image_shape,
        "framing": asdict(model.framing) if model.framing else None,
        "history": model.history,
        "path": model.path and len(model.path),
        "origin": model.origin._asdict(),
        "descent": {"step": state.step, "slots": list(state.slots)} if state else None,
    }
    model_file.write(Path(path), described, arrays)


def load(path: str | Path, engine: str = "native", threads: int | None = None) -> Model:
    """The model in the file at `path`, to compute on `engine` with at most `threads` cores.

    Errors: `ModelFileError` for a missing, foreign, damaged or newer file.
    """
    find_engine(engine, threads)
    described, arrays = model_file.read(Path(path))
    try:
        return replace(_build(described, arrays), engine=engine, threads=threads)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from None


def _build(described: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    network = Network.from_description(described["network"])
    if described["task"] not in (*TASKS, "multioutput"):
        raise LimpidError(f"unknown task {described['task']!r}")
    expected = {**network.shapes()}
    for name, columns in (("input", network.inputs), ("target", network.outputs)):
        expected |= {f"{name}.shift": (columns,), f"{name}.scale": (columns,)}
    kept, places = described["descent"], _places(described)
    for at in places:
        expected |= {f"path.{at}.{name}": shape for name, shape in network.shapes().items()}
    if kept:
        expected |= {f"descent.{name}": shape for name, shape in network.shapes().items()}
        for slot in kept["slots"]:
            expected |= {f"optimizer.{slot}.{name}": shape for name, shape in network.shapes().items()}
    check_arrays(arrays, expected)
    if network.embedding is not None:
        _check_fixed(network.embedding, arrays, kept["slots"] if kept else (), places)
    return Model(
        network=network,
        parameters={name: arrays[name] for name in network.shapes()},
        task=described["task"],
        input_scaling=_scaling("input", arrays),
        target_scaling=_scaling("target", arrays),
        encoder=_read_encoder(described.get("encoder"), network.inputs),
        classes=_read_labels(described["classes"], described["task"], network.outputs),
        several_classes=_read_several(described, network.outputs),
        features=_names(described["features"], network.inputs),
        targets=_names(described["targets"], 1 if described["task"] == "classification" else network.outputs),
        image_shape=_read_image_shape(described["image_shape"], network.inputs),
        framing=_read_framing(described.get("framing"), described["image_shape"]),
        history=[_read_epoch(values) for values in described["history"]],
        path=[{name: arrays[f"path.{at}.{name}"] for name in network.shapes()} for at in places] or None,
        origin=_read_origin(described["origin"]),
        state=_read_state(kept, network, arrays) if kept else None,
    )


def check_arrays(arrays: dict[str, NDArray[Any]], expected: dict[str, tuple[int, ...]]) -> None:
    """`LimpidError` unless there are just these arrays, of these shapes, of finite floats."""
    if odd := sorted(arrays.keys() ^ expected.keys()):
        raise LimpidError(f"arrays missing or not expected: {', '.join(odd[:5])}")
    for name, shape in expected.items():
        found = arrays[name]
        if found.shape != shape or found.dtype not in (np.float32, np.float64):
            raise LimpidError(f"{name} must be floats of shape {shape}, got {found.dtype} of shape {found.shape}")
        if not np.isfinite(arrays[name]).all():
            raise LimpidError(f"{name} holds numbers that are not finite")
        if name.rpartition(".")[2].startswith("variance") and (found < 0).any():
            raise LimpidError(f"{name} holds numbers below 0")
    if len({arrays[name].dtype for name in expected if "." not in name}) > 1:
        raise LimpidError("the parameters differ in dtype")


def _places(described: dict[str, Any]) -> range:
    """Of the path that the training took: before the first epoch and after each; older files have none."""
    places, epochs = described.get("path"), len(described["history"])
    if places is None:
        return range(0)
    if isinstance(places, bool) or places != epochs + 1:
        raise LimpidError(f"the path of {epochs} epochs must have {epochs + 1} places, got {places!r}")
    return range(epochs + 1)


def _check_fixed(
    embedding: Embedding, arrays: dict[str, NDArray[Any]], slots: Iterable[str], places: Iterable[int]
) -> None:
    """An embedding passes inputs on unchanged and learns nothing else than its own; so does a descent that goes on."""
    fixed, others = embedding.fixed, ~embedding.learned
    wanted = {"": fixed, "descent.": fixed, **{f"optimizer.{slot}.": np.zeros_like(fixed) for slot in slots}}
    wanted |= {f"path.{at}.": fixed for at in places}
    for prefix, numbers in wanted.items():
        W, b = arrays.get(f"{prefix}W1"), arrays.get(f"{prefix}b1")
        if W is not None and b is not None and (b.any() or (W[others] != numbers[others]).any()):
            raise LimpidError(f"{prefix}W1 or {prefix}b1 differs from what is fixed in an embedding")


def _scaling(name: str, arrays: dict[str, NDArray[Any]]) -> Scaling:
    shift, scale = arrays[f"{name}.shift"].astype(np.float64), arrays[f"{name}.scale"].astype(np.float64)
    if (scale == 0).any():
        raise LimpidError(f"{name}.scale must not be 0")
    return Scaling(shift, scale)


def _read_encoder(described: Any, inputs: int) -> TableEncoder | None:
    """Of a model that learned from a table; older files have none."""
    if described is None:
        return None
    encoder = TableEncoder.from_description(described)
    if encoder.outputs != inputs:
        raise LimpidError(f"an encoder of {encoder.outputs} outputs does not fit {inputs} inputs")
    return encoder


def _describe_labels(classes: NDArray[Any]) -> dict[str, Any]:
    kinds = {"b": "bool", "i": "int64", "u": "int64", "f": "float64", "U": "str", "O": "str"}
    return {"kind": kinds[classes.dtype.kind], "values": classes.tolist()}


def _read_labels(described: Any, task: str, outputs: int) -> NDArray[Any] | None:
    if (described is None) != (task != "classification"):
        raise LimpidError(f"a {task} must {'have' if described is None else 'not have'} classes")
    if described is None:
        return None
    kinds: dict[str, Any] = {"bool": bool, "int64": np.int64, "float64": np.float64, "str": str}
    values = described["values"]
    if not isinstance(values, list) or len(values) < 2 or len(values) != (2 if outputs == 1 else outputs):
        raise LimpidError(f"{outputs} outputs do not fit {len(values)} classes")
    if any(isinstance(value, (list, dict)) or value is None for value in values):
        raise LimpidError("classes must be plain values")
    classes = np.array(values, dtype=kinds[described["kind"]])
    if not (classes[:-1] < classes[1:]).all():
        raise LimpidError("classes must be sorted and differ")
    return classes


def _read_several(described: dict[str, Any], outputs: int) -> tuple[NDArray[Any], ...]:
    """Of each of several answers; older files have none."""
    several = described.get("several_classes", [])
    if bool(several) != (described["task"] == "multioutput"):
        raise LimpidError(f"a {described['task']} must not have {len(several)} answers with classes")
    found = tuple(_read_labels(each, "classification", len(each["values"])) for each in several)
    if found and sum(len(classes) for classes in found if classes is not None) != outputs:
        raise LimpidError(f"{outputs} outputs do not fit the classes of {len(found)} answers")
    return tuple(classes for classes in found if classes is not None)


def _names(described: Any, count: int) -> tuple[str, ...]:
    if not isinstance(described, list) or not all(isinstance(name, str) for name in described):
        raise LimpidError("names must be a list of texts")
    if described and len(described) != count:
        raise LimpidError(f"{len(described)} names do not fit {count} columns")
    return tuple(described)


def _read_image_shape(described: Any, inputs: int) -> tuple[int, int] | None:
    if described is None:
        return None
    height, width = described
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and height * width == inputs):
        raise LimpidError(f"a picture of {height!r} x {width!r} does not fit {inputs} inputs")
    return height, width


def _read_framing(described: dict[str, Any] | None, shape: Any) -> Framing | None:
    """Of pictures; older files have none."""
    if described is None:
        return None
    found = Framing(**described)
    parts = [found.box, found.centring, found.centre]
    if shape is None or parts.count(None) not in {0, 3}:
        raise LimpidError("a framing is for pictures, and its box, centring and centre go together")
    if found.background not in (None, *BACKGROUNDS) or found.centring not in (None, *CENTRINGS):
        raise LimpidError(f"unknown background or centring: {found.background!r}, {found.centring!r}")
    (height, width), (row, column) = found.box or (1, 1), found.centre or (0.0, 0.0)
    if not all(isinstance(side, int) and 0 < side <= of for side, of in zip((height, width), shape, strict=True)):
        raise LimpidError(f"a box of {height!r} x {width!r} does not fit into pictures of {shape}")
    if not all(isinstance(number, int | float) and isfinite(number) for number in (row, column, found.full_scale)):
        raise LimpidError(f"a framing cannot have {row!r}, {column!r} and {found.full_scale!r}")
    if found.full_scale <= 0:
        raise LimpidError(f"white must be above 0, got {found.full_scale}")
    return replace(found, box=(height, width), centre=(row, column)) if found.box else found


def _read_origin(described: dict[str, Any]) -> Origin:
    kinds: dict[str, Any] = {"source": str, "fingerprint": str, "stopped_because": str, "recipe": dict}
    for name, value in described.items():
        number = isinstance(value, (int, float)) or (value is None and name in {"cost_train", "slope"})
        if not (isinstance(value, kinds[name]) if name in kinds else number):
            raise LimpidError(f"{name} must not be {value!r}")
    for name in ("test_size", "seed"):
        if not isinstance(described.get("recipe", {}).get(name, 0), (int, float)):
            raise LimpidError(f"{name} must be a number")
    return Origin(**described)


def _read_epoch(values: Any) -> Epoch:
    if len(values) != len(Epoch._fields) or not all(
        value is None or isinstance(value, (int, float)) for value in values
    ):
        raise LimpidError(f"each epoch of the history must be {len(Epoch._fields)} numbers")
    epoch = Epoch(*values)
    # a cost that was not finite is kept as null: JSON has no word for it
    return epoch._replace(cost=nan if epoch.cost is None else epoch.cost, penalty=epoch.penalty or 0.0)


def _read_state(kept: dict[str, Any], network: Network, arrays: dict[str, NDArray[Any]]) -> State:
    if not isinstance(kept["step"], int) or not 0 <= kept["step"] < 2**63:
        raise LimpidError(f"the descent's step must be from 0 to 2**63 - 1, got {kept['step']!r}")
    names = list(network.shapes())
    slots = {slot: {name: arrays[f"optimizer.{slot}.{name}"] for name in names} for slot in kept["slots"]}
    return State({name: arrays[f"descent.{name}"] for name in names}, slots, kept["step"])
