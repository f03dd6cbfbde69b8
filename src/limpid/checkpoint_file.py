"""Checkpoints into files and out of them: a moment of a training as plain values and arrays, every check on the way."""

from collections.abc import Mapping
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from limpid import model_file
from limpid.engines import State
from limpid.errors import LimpidError, ModelFileError
from limpid.model_file import plain
from limpid.network import Network, Parameters
from limpid.saving import check_arrays
from limpid.stopping import Standing
from limpid.training import Descending, Epoch, Moment, Streaming, Training

WHAT = "checkpoint"
FREE = ("epochs", "threads")
"""Choices that may be others when a training goes on; of epochs there may only be more."""
COSTS, HISTORY = "costs", "history"

SourceState: TypeAlias = Mapping[str, Any]
"""Where a random source stands, as NumPy's bit generators tell it."""


class Owner(NamedTuple):
    """Whose a checkpoint is."""

    fingerprint: str
    """Of the data set."""
    recipe: dict[str, Any]
    """Every choice of how to learn, as plain values."""


def write(path: Path, owner: Owner, network: Network, at: Moment, random: SourceState) -> None:
    """Replace the checkpoint at `path`; `random` is from where the order of the pass under way is drawn.

    Errors: `OSError` from the file system; the old checkpoint is then intact.
    """
    arrays = {**_named("descent", at.state.parameters), **_named("best", at.best)}
    for slot, kept in at.state.slots.items():
        arrays |= _named(f"optimizer.{slot}", kept)
    if at.path is not None:
        arrays |= {f"path.{name}": np.stack([each[name] for each in at.path]) for name in network.shapes()}
    arrays |= {COSTS: at.costs, HISTORY: _table(at.history)}
    described = {
        **owner._asdict(),
        "network": network.describe(),
        "random": random,
        "step": at.state.step,
        "measured": [
            name for column, name in enumerate(Epoch._fields) if any(epoch[column] is not None for epoch in at.history)
        ],
        "standing": at.standing._asdict(),
        "seconds": at.seconds,
        "ended": at.ended,
    }
    model_file.write(path, described, arrays, WHAT)


def read(path: Path, owner: Owner, training: Training, random: np.random.Generator) -> tuple[Moment, SourceState]:
    """The moment that was written, of a training like this one, and from where `random` draws the next order.

    Errors: `ModelFileError` for a file that is missing, foreign, damaged or newer, `LimpidError` for one of other
    examples, another recipe or another network.
    """
    described, arrays = model_file.read(path, WHAT)
    try:
        _check_owner(path, described, owner, training)
    except LimpidError:
        raise
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from None
    try:
        return _build(described, arrays, training), _checked(described["random"], random)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from None


def _check_owner(path: Path, described: dict[str, Any], owner: Owner, training: Training) -> None:
    if described["fingerprint"] != owner.fingerprint:
        raise LimpidError(f"{path} belongs to a training on other examples than these")
    theirs, mine = described["recipe"], owner.recipe
    for name in {**mine, **theirs}:
        if name not in FREE and theirs.get(name) != mine.get(name):
            raise LimpidError(
                f"{path} belongs to a training with {name} {_told(theirs.get(name))}, got {_told(mine.get(name))}"
            )
    schedule = training.method.schedule if isinstance(training.method, Descending | Streaming) else None
    if mine["epochs"] < theirs["epochs"]:
        raise LimpidError(f"{path} belongs to a training of {theirs['epochs']} epochs, got fewer, {mine['epochs']}")
    if schedule and schedule.spans and mine["epochs"] != theirs["epochs"]:
        raise LimpidError(
            f"{path} belongs to a training of {theirs['epochs']} epochs, got {mine['epochs']}: "
            f"the schedule {schedule.name!r} is laid out over all of them"
        )
    if described["network"] != plain(training.network.describe()):
        raise LimpidError(f"{path} belongs to a training of another network than {training.network}")


def _told(value: Any) -> str:
    return "not given" if value is None else repr(value)


def _build(described: dict[str, Any], arrays: dict[str, NDArray[Any]], training: Training) -> Moment:
    history = _epochs(arrays.pop(HISTORY), described["measured"])
    names, slots = list(training.network.shapes()), training.rule.optimizer.slots
    costs = _check_moment(described, arrays, training, len(history))
    kept = {slot: {name: arrays[f"optimizer.{slot}.{name}"] for name in names} for slot in slots}
    path = None
    if training.path is not None:
        path = [{name: arrays[f"path.{name}"][at] for name in names} for at in range(len(history) + 1)]
    standing = described["standing"]
    return Moment(
        State({name: arrays[f"descent.{name}"] for name in names}, kept, described["step"]),
        costs,
        described["seconds"],
        history,
        path,
        {name: arrays[f"best.{name}"] for name in names},
        Standing(-inf if standing["best"] is None else standing["best"], standing["worse"], standing["rate_factor"]),
        described["ended"],
    )


def _check_moment(
    described: dict[str, Any], arrays: dict[str, NDArray[Any]], training: Training, passes: int
) -> NDArray[np.float64]:
    """The costs of the pass under way, where all shapes, dtypes and numbers are those of such a training."""
    costs, shapes, steps = arrays[COSTS], training.network.shapes(), training.steps_a_pass
    expected: dict[str, tuple[int, ...]] = {COSTS: (min(len(costs), steps), 2)}
    for kind in ("descent", "best", *(f"optimizer.{slot}" for slot in training.rule.optimizer.slots)):
        expected |= {f"{kind}.{name}": shape for name, shape in shapes.items()}
    if training.path is not None:
        expected |= {f"path.{name}": (passes + 1, *shape) for name, shape in shapes.items()}
    check_arrays(arrays, expected)
    dtype = training.state.parameters["W1"].dtype
    for name in expected:
        wanted = np.dtype(np.float64) if name == COSTS else dtype
        if arrays[name].dtype != wanted:
            raise LimpidError(f"{name} must be {wanted}, got {arrays[name].dtype}")
    _check_numbers(described, passes * steps + len(costs))
    return costs


def _check_numbers(described: dict[str, Any], steps: int) -> None:
    """Of the description: `steps` are those made in all."""
    step, seconds, ended = described["step"], described["seconds"], described["ended"]
    best, worse, factor = (described["standing"][name] for name in Standing._fields)
    blew_up = isinstance(ended, str) and ended.startswith("not finite")  # its state is the last good one
    for name, value, kinds, fits in (
        ("ended", ended, str | None, lambda _: True),
        ("step", step, int, lambda step: 0 <= step <= steps if blew_up else step == steps),
        ("seconds", seconds, int | float, lambda seconds: 0 <= seconds < inf),
        ("best", best, int | float | None, lambda best: best is None or isfinite(best)),
        ("worse", worse, int, lambda worse: worse >= 0),
        ("rate_factor", factor, int | float, lambda factor: 0 < factor <= 1),
    ):
        if isinstance(value, bool) or not isinstance(value, kinds) or not fits(value):
            raise LimpidError(f"{name} must not be {value!r}")


def _checked(state: SourceState, random: np.random.Generator) -> SourceState:
    """`state`, where a bit generator like `random`'s can stand so."""
    probe = type(random.bit_generator)()
    probe.state = state
    if plain(probe.state) != state:
        raise LimpidError("no random source can stand where it says")
    return state


def _table(history: list[Epoch]) -> NDArray[np.float64]:
    """(epochs, numbers of each); NaN for what was not measured."""
    rows = [[nan if value is None else value for value in epoch] for epoch in history]
    return np.array(rows, np.float64).reshape(-1, len(Epoch._fields))


def _epochs(table: NDArray[Any], measured: list[str]) -> list[Epoch]:
    fields = len(Epoch._fields)
    if table.dtype != np.float64 or table.ndim != 2 or table.shape[1] != fields:
        raise LimpidError(f"the history must be float64 of shape (epochs, {fields}), got {table.dtype} {table.shape}")
    if (table[:, 0] != np.arange(1, len(table) + 1)).any():
        raise LimpidError("the epochs of the history must be numbered from 1")
    return [_epoch(row, measured) for row in table.tolist()]


def _epoch(row: list[float], measured: list[str]) -> Epoch:
    epoch = Epoch(int(row[0]), *row[1:])
    known = measured if isfinite(epoch.cost) else ()  # of a pass that blew up nothing was measured
    absent: dict[str, Any] = dict.fromkeys({"validation_cost", "validation_score", "slope"}.difference(known))
    return epoch._replace(**absent)


def _named(kind: str, parameters: Parameters) -> Parameters:
    return {f"{kind}.{name}": array for name, array in parameters.items()}
